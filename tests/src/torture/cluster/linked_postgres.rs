//! The cluster's Postgres and each replica's link to it, and what befalls them.

use tokio_postgres::Client;

use super::{
    super::Chance,
    figures::ClusterFigures,
    trouble::{Trouble, Weather},
};
use crate::{OwnPostgres, SlowLink};

/// A server of its own, and a link to it for each replica.
pub(super) struct LinkedPostgres {
    server: OwnPostgres,
    links: Vec<SlowLink>,
    /// Past all links.
    pub(super) beside: Client,
}

impl LinkedPostgres {
    pub(super) async fn start(replicas: usize) -> Self {
        let server = OwnPostgres::start().await;
        let mut links = Vec::new();
        for _ in 0..replicas {
            links.push(SlowLink::in_front_of(&server.url()).await);
        }
        let beside = server.client().await;
        Self { server, links, beside }
    }

    /// Where it is, past all links.
    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// Where a replica finds it.
    pub(super) fn url_of(&self, replica: usize) -> String {
        self.links[replica].url()
    }

    /// Until a random instant: when Postgres has answered so many questions beside all others.
    pub(super) async fn let_pass(&self, chance: &mut Chance, most: u64) {
        for _ in 0..chance.below(most) {
            self.beside.simple_query("SELECT 1").await.expect("Postgres answers who comes past the links");
        }
    }

    /// Has the trouble happen and end; the replicas that it kills, by `kill`, stay dead.
    pub(super) async fn befall(
        &mut self,
        trouble: &Trouble,
        chance: &mut Chance,
        figures: &mut ClusterFigures,
        mut kill: impl FnMut(usize),
    ) {
        figures.figures.kills += trouble.killed().len() as u64;
        match trouble {
            Trouble::Nothing => {}
            Trouble::KillReplicas(places) => places.iter().copied().for_each(kill),
            Trouble::KillPostgres | Trouble::KillBoth(_) => {
                self.server.kill9().await;
                figures.figures.kills += 1;
                figures.postgres_kills += 1;
                trouble.killed().iter().copied().for_each(kill);
                self.start_again(figures).await;
            }
            Trouble::RestartPostgres => {
                self.server.stop().await;
                self.start_again(figures).await;
            }
            Trouble::Link(places, weather) => self.weather(places, *weather, chance, figures).await,
            Trouble::KillInSilence(places) => {
                figures.broken_links += places.len() as u64;
                places.iter().for_each(|place| self.links[*place].black_hole());
                self.let_pass(chance, 60).await;
                places.iter().for_each(|place| kill(*place));
                self.let_pass(chance, 20).await;
                places.iter().for_each(|place| self.links[*place].pass());
            }
        }
    }

    async fn start_again(&mut self, figures: &mut ClusterFigures) {
        self.server.start_again().await;
        self.beside = self.server.client().await;
        figures.figures.restarts += 1;
    }

    /// Breaks links for a while: mostly for a moment, at times until it is noticed.
    async fn weather(&self, places: &[usize], weather: Weather, chance: &mut Chance, figures: &mut ClusterFigures) {
        figures.broken_links += places.len() as u64;
        for place in places {
            let link = &self.links[*place];
            match weather {
                Weather::Cut => link.cut(),
                Weather::BlackHole => link.black_hole(),
                Weather::DropReplies => link.drop_replies(),
                Weather::LoseReplyToCommit => link.lose_reply("COMMIT\0"),
                Weather::Slow(latency) => link.slow(latency),
            }
        }
        match weather {
            Weather::LoseReplyToCommit => self.until_replies_are_lost(places, chance).await,
            _ if chance.below(4) == 0 => self.let_pass(chance, 4_000).await,
            _ => self.let_pass(chance, 300).await,
        }
        for place in places {
            let link = &self.links[*place];
            if matches!(weather, Weather::LoseReplyToCommit) && link.has_lost() {
                figures.lost_replies += 1;
            }
            if matches!(weather, Weather::DropReplies) {
                link.cut();
            }
            link.pass();
        }
    }

    /// Not for ever: those who ask may have come to their end before.
    async fn until_replies_are_lost(&self, places: &[usize], chance: &mut Chance) {
        for _ in 0..1_000 {
            if places.iter().all(|place| self.links[*place].has_lost()) {
                return;
            }
            self.let_pass(chance, 2).await;
        }
    }
}

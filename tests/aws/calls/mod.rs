//! One script of calls to Amazon API Gateway, made by AWS's own SDK, against our fake and against other people's
//! emulators: what each answers stands in `known_differences.tsv`. The fake's column is what AWS itself answers, as far as
//! it documents it or others have recorded it; so the fake can't drift into our own idea of AWS.

mod apis;
mod data_plane;
mod fixtures;
mod keys;
mod patches;
mod plans;
mod recorder;
mod routes;
mod table;
mod tags;
mod usage;

use recorder::{Recorder, Target};
use table::{Column, Table};
use tests::{MiniStack, Moto, aws::FakeAws};

/// The script. What is written last damages some emulator's own lists, so that nothing is read after it.
async fn make_all_calls(target: Target<'_>) -> Vec<(String, String)> {
    let mut recorder = Recorder::new(target);
    keys::calls(&mut recorder).await;
    plans::calls(&mut recorder).await;
    apis::calls(&mut recorder).await;
    tags::calls(&mut recorder).await;
    data_plane::calls(&mut recorder).await;
    routes::calls(&mut recorder).await;
    usage::calls(&mut recorder).await;
    patches::calls(&mut recorder).await;
    recorder.outcomes()
}

#[tokio::test]
async fn the_fake_answers_as_the_table_says() {
    let fake = FakeAws::start().await;
    // Its day doesn't end between two calls.
    fake.clock().set_now(format!("{}T12:00:00Z", usage::TODAY).parse().unwrap());
    let url = fake.endpoint_url();
    let target = Target::new(&url, |api, stage| fake.invoke_url(api, stage));
    let outcomes = make_all_calls(target).await;
    Table::read().assert(Column::Fake, &outcomes);
}

#[tokio::test]
async fn moto_answers_as_the_table_says() {
    let moto = Moto::start().await;
    let outcomes = make_all_calls(Target::without_data_plane(moto.endpoint_url())).await;
    Table::read().assert(Column::Moto, &outcomes);
}

#[tokio::test]
async fn ministack_answers_as_the_table_says() {
    let ministack = MiniStack::start().await;
    let target = Target::new(ministack.endpoint_url(), |api, stage| ministack.invoke_url(api, stage));
    let outcomes = make_all_calls(target).await;
    Table::read().assert(Column::MiniStack, &outcomes);
}

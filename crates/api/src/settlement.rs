//! Settles passes: on the spot, or on a runtime that outlives the workers, so that a worker's end loses none.

use std::{sync::Arc, time::Duration};

use access::{End, Gate, Pass};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::{ambient, metrics::Metrics};

/// While the store fails a pass is tried again, with a pause that doubles from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a shutdown waits for what is not settled yet.
const DRAIN_TIME: Duration = Duration::from_secs(10);

enum Message {
    Settle(Box<Pass>, End),
    Drain(oneshot::Sender<()>),
}

/// Settles ended passes, or hands them to the settling task where that takes waiting; never waits.
#[derive(Clone)]
pub struct Settlement {
    gate: Arc<dyn Gate>,
    metrics: Arc<Metrics>,
    task: mpsc::UnboundedSender<Message>,
}

impl Settlement {
    /// Starts the settling task on this runtime.
    #[must_use]
    pub fn start(gate: Arc<dyn Gate>, metrics: Arc<Metrics>, runtime: &Handle) -> Self {
        let (task, receiver) = mpsc::unbounded_channel();
        runtime.spawn(run(Arc::clone(&gate), Arc::clone(&metrics), receiver));
        Self { gate, metrics, task }
    }

    /// A granted pass as a guard: dropped, it is given back.
    #[must_use]
    pub fn guard(&self, pass: Pass) -> OpenPass {
        OpenPass { pass: Some(pass), settlement: self.clone() }
    }

    /// Waits until all that was handed over before is settled.
    pub async fn drain(&self) {
        let (done, wait) = oneshot::channel();
        if self.task.send(Message::Drain(done)).is_ok() {
            let _ = wait.await;
        }
    }
}

async fn run(gate: Arc<dyn Gate>, metrics: Arc<Metrics>, mut receiver: mpsc::UnboundedReceiver<Message>) {
    let mut open = JoinSet::new();
    while let Some(message) = receiver.recv().await {
        match message {
            Message::Settle(pass, end) => {
                open.spawn(settle(Arc::clone(&gate), Arc::clone(&metrics), pass, end));
                while open.try_join_next().is_some() {}
            }
            Message::Drain(done) => {
                let all = async { while open.join_next().await.is_some() {} };
                if tokio::time::timeout(DRAIN_TIME, all).await.is_err() {
                    // Never over, at the price of one under: what can't be given back stays charged.
                    tracing::error!(
                        passes = open.len(),
                        "passes could not be settled before the end; their charge stays"
                    );
                    open.abort_all();
                }
                let _ = done.send(());
            }
        }
    }
    while open.join_next().await.is_some() {}
}

async fn settle(gate: Arc<dyn Gate>, metrics: Arc<Metrics>, pass: Box<Pass>, end: End) {
    let mut pause = FIRST_PAUSE;
    loop {
        match gate.settle(&pass, end, ambient::now()).await {
            Ok(charge) => return metrics.settled(charge),
            // The store tells its failure itself, once.
            Err(_) => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// A pass under way. Dropped before anything was sent, it is given back.
pub struct OpenPass {
    pass: Option<Pass>,
    settlement: Settlement,
}

impl OpenPass {
    /// What the gate granted; `None` once it has ended.
    #[must_use]
    pub fn pass(&self) -> Option<&Pass> {
        self.pass.as_ref()
    }

    /// Ends it by how far the request came.
    pub fn end(mut self, end: End) {
        self.hand_over(end);
    }

    fn hand_over(&mut self, end: End) {
        let Some(pass) = self.pass.take() else { return };
        let Settlement { gate, metrics, task } = &self.settlement;
        match gate.settle_at_once(&pass, end) {
            Some(charge) => metrics.settled(charge),
            // Sending fails only when the runtime is gone: the process ends, and the charge stays.
            None => drop(task.send(Message::Settle(Box::new(pass), end))),
        }
    }
}

impl Drop for OpenPass {
    fn drop(&mut self) {
        self.hand_over(End::REFUSED_BY_US);
    }
}

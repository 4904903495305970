//! Turns at hashing passwords: as many at once as the machine has cores, each in memory that is made once and kept.

use std::sync::Arc;

use actix_web::web;
use api_types::ProblemCode;
use argon2::Block;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use zeroize::Zeroize as _;

use crate::problem::ApiError;

/// Most requests that may wait for a turn; more are told to come back.
const MOST_WAITING: usize = 64;

/// Lets so many work at once, and lends each of them memory.
///
/// The memory of a turn stays with us when the turn is over. Given back, it would stay all the same: an allocator keeps
/// blocks of this size, a set for each thread that ever had one. It is made when it is first needed, so that a server
/// where nobody signs in does without.
#[derive(Clone)]
pub struct Turns {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// Blocks of Argon2 in a turn's memory.
    blocks: usize,
    idle: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Turns {
    /// A turn for each core, each with so many blocks.
    pub fn with_blocks(blocks: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            turns: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(cores + MOST_WAITING)),
            blocks,
            idle: Arc::default(),
        }
    }

    /// Runs on the blocking pool. The turn is held by the work, not by the request, which may go away.
    ///
    /// # Errors
    /// `busy` when too many wait, and what the work says.
    pub async fn take<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut [Block]) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let busy = || ApiError::new(ProblemCode::Busy, "Too many people sign in right now. Please try again.");
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy().retry_after(1))?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(ApiError::internal)?;
        let turns = self.clone();
        web::block(move || {
            // Dropped last: the memory must be back before the next one looks for it.
            let _held = (place, turn);
            work(&mut turns.lend()?.blocks)
        })
        .await
        .map_err(ApiError::internal)?
    }

    /// Memory that is idle, else new memory; there are never more of them than turns.
    fn lend(&self) -> Result<Lent<'_>, ApiError> {
        let idle = self.idle.lock().pop();
        let blocks = match idle {
            Some(blocks) => blocks,
            None => {
                let mut blocks = Vec::new();
                blocks.try_reserve_exact(self.blocks).map_err(ApiError::internal)?;
                blocks.resize(self.blocks, Block::new());
                blocks
            }
        };
        Ok(Lent { blocks, to: self })
    }
}

/// Memory for one turn; goes back clean, even from work that panics.
struct Lent<'a> {
    blocks: Vec<Block>,
    to: &'a Turns,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut blocks = std::mem::take(&mut self.blocks);
        blocks.iter_mut().zeroize();
        self.to.idle.lock().push(blocks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn memory_is_made_once_and_comes_back_clean() {
        let turns = Turns::with_blocks(4);
        let address = |blocks: &mut [Block]| {
            assert!(blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)), "something was left");
            blocks[3].as_mut()[7] = 42;
            Ok(blocks.as_ptr() as usize)
        };
        let first = turns.take(address).await.unwrap();
        assert_eq!(turns.take(address).await.unwrap(), first);
    }

    #[actix_web::test]
    async fn a_panic_gives_its_turn_and_its_memory_back() {
        let turns = Turns::with_blocks(4);
        for _ in 0..3 {
            assert!(turns.take::<()>(|_| panic!("in the middle")).await.is_err());
        }
        assert_eq!(turns.take(|blocks| Ok(blocks.len())).await.unwrap(), 4);
        assert_eq!(turns.idle.lock().len(), 1);
    }
}

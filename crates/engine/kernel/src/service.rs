//! What a service is to the kernel.

use base::{DeviceId, Fault, Timestamp};
use store::Rows;
use wire::crypto::{Signer, Verifier};
use wire::identity::RecoveryKey;

use crate::{Input, Step};

/// Decides. No clock, no dice, no files, no sockets; fields are caches that rows can rebuild.
pub trait Service: Send {
    /// Returns the service's name: the first part of its operations, tables and jobs.
    fn name(&self) -> &'static str;

    /// Returns the services whose announcements this one hears, as `Input::Told`.
    fn listens_to(&self) -> &'static [&'static str] {
        &[]
    }

    /// Takes one input. An error drops everything this step wrote and, if a person asked, is the answer.
    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault>;

    /// Called at the end of a batch that changed rows, after all steps, until no service tells anything more.
    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let _ = step;
        Ok(())
    }

    /// Drops all caches: a step panicked or a commit failed, rows are the truth.
    fn forget(&mut self);

    /// Returns what answers this service's read operations, beside the loop.
    fn reader(&self) -> Box<dyn Reader>;
}

/// Answers read operations on a snapshot.
pub trait Reader: Send + Sync {
    /// Answers one operation; its name is one of this service's.
    fn read(
        &self,
        context: &ReadContext<'_>,
        operation: &str,
        arguments: serde_json::Value,
    ) -> Result<serde_json::Value, Fault>;
}

/// What a read operation may look at.
pub struct ReadContext<'a> {
    /// Rows of one moment.
    pub rows: &'a dyn Rows,
    /// The time of the question.
    pub now: Timestamp,
    /// This device.
    pub me: DeviceId,
}

impl std::fmt::Debug for ReadContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadContext").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Holds the private keys and uses them for services; the keys never leave it.
pub trait Vault: Signer + Verifier + Send {
    /// Returns this person's inception, as it travels.
    fn inception(&self) -> Vec<u8>;

    /// Opens what was sealed to this person ([`wire::crypto::seal_to`]).
    fn open(&self, sealed: &[u8], purpose: &str, context: &[u8]) -> Option<Vec<u8>>;

    /// Opens what was sealed to this device ([`wire::crypto::seal_to_device`]).
    fn open_for_device(&self, sealed: &[u8], purpose: &str, context: &[u8]) -> Option<Vec<u8>>;

    /// Seals the secret of the key this person began with to another device of the person; `seed` is fresh randomness.
    fn seal_person(&self, to: &DeviceId, purpose: &str, context: &[u8], seed: &[u8; 32]) -> Option<Vec<u8>>;

    /// Returns the recovery key whose words were said to this peer just now; most vaults never have one.
    fn recovery(&self) -> Option<RecoveryKey> {
        None
    }
}

/// Does work that deciders may not: carries jobs out and reports back by inputs. Never blocks the caller.
pub trait Driver: Send + Sync {
    /// Returns the kinds of jobs this driver does.
    fn kinds(&self) -> &'static [&'static str];

    /// Starts a job; its end comes back as [`Input::Finished`], exactly once.
    fn work(&self, job: crate::Job);

    /// Stops a job; it ends as cancelled unless it has ended.
    fn cancel(&self, job: crate::JobId);
}

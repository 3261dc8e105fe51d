//! How long the network waits for others before it goes on without them.

use std::time::Duration;

/// How long peers may take for what. The defaults are meant for slow lines; tests set shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// For dialling and greeting on a channel of messages.
    pub greeting: Duration,
    /// For one message from its first byte to its last: 1 MiB at 140 kbit/s.
    pub message: Duration,
    /// For a provider to say that it has a content.
    pub answer: Duration,
    /// How long a provider may send nothing of use. Long, because the first request for a large shared file makes
    /// the provider read all of it.
    pub silence: Duration,
    /// For the whole answer to a bundle: 4 MiB at 300 kbit/s.
    pub bundle: Duration,
    /// How often a relay here is asked whether it still answers, and whether those it carries by an invitation may still
    /// be carried.
    pub relay_watch: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            greeting: Duration::from_secs(10),
            message: Duration::from_secs(60),
            answer: Duration::from_secs(20),
            silence: Duration::from_secs(90),
            bundle: Duration::from_secs(120),
            relay_watch: Duration::from_secs(30),
        }
    }
}

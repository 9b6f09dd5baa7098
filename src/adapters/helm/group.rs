//! The processes that belong to one call of helm, and how they are ended: a hanging plugin must not outlive
//! the call that nobody waits for any more.

/// A helm and what it starts: its plugins, and those of the kubeconfig.
pub(super) struct Group {
    leader: Option<u32>,
    /// All of them end with it. What writes comes to its end by itself.
    whole: bool,
}

impl Group {
    /// The group of a helm that was just started, by the number of its process.
    pub(super) fn new(leader: Option<u32>, whole: bool) -> Self {
        Self { leader, whole }
    }

    /// Asks to end.
    pub(super) fn ask_to_end(&self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::TERM);
    }

    /// It has ended, so that its number may be another's by now; else all that is left is killed.
    pub(super) fn done(mut self, ended: bool) {
        if ended {
            self.leader = None;
        }
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        use rustix::process::{Pid, kill_process, kill_process_group};
        let leader = self.leader.and_then(|leader| i32::try_from(leader).ok());
        if let Some(leader) = leader.and_then(Pid::from_raw) {
            // That it has ended by itself meanwhile is as good.
            let _ = if self.whole {
                kill_process_group(leader, signal)
            } else {
                kill_process(leader, signal)
            };
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if self.whole {
            self.signal(rustix::process::Signal::KILL);
        }
    }
}

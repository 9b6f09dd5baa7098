//! Everything that a verb needs which changes something: the cluster as writer, the locks, the
//! journal, registries that are asked anew, the clock, and the user's wish to stop.

use std::future::Future;
use std::sync::Arc;

use tokio::signal;
use tokio::sync::{Notify, watch};

use super::args_write::Pace;
use super::error::CommandError;
use super::exit::Exit;
use super::printer::Printer;
use super::settings::{CacheUse, Settings, variable};
use super::wire;
use crate::actions::apply::{Manner, Room};
use crate::adapters::clock::SystemClock;
use crate::adapters::helm::rollouts::{HelmRollouts, UpgradeOptions};
use crate::adapters::journal::FileJournal;
use crate::adapters::kubernetes::Cluster;
use crate::adapters::probe::NetworkProber;
use crate::adapters::registry::Registries;
use crate::domain::history::{Actor, RunId};
use crate::domain::image::Registry as Host;
use crate::domain::rollout::Moment;
use crate::ports::rollouts::{Clock as _, Journal as _, RunStart};
use crate::ports::{EventSink, PullSecrets, Registry as _, Usage};

/// An open session.
pub struct Session {
    /// The cluster.
    pub cluster: Cluster,
    releases: Arc<HelmRollouts>,
    /// The journal of this machine.
    pub journal: FileJournal,
    registries: Registries,
    prober: NetworkProber,
    clock: SystemClock,
    stop: Stop,
    /// What holds for all changes of the run.
    pub manner: Manner,
}

/// What a session is opened for.
pub struct Purpose<'a> {
    /// How it is carried out.
    pub pace: &'a Pace,
    /// Only the server's dry run.
    pub rehearsal: bool,
    /// Start Jobs of changed `CronJobs`.
    pub run_once: bool,
    /// Nobody is there to be warned.
    pub unattended: bool,
    /// The verb and what it was told.
    pub command: String,
}

impl Session {
    /// Opens a session and begins its run in the journal: trouble with the state directory shows
    /// here, before anything is written to the cluster.
    ///
    /// # Errors
    /// The state directory's, the cluster's, the registries'.
    pub async fn open(
        settings: &Settings,
        cluster: Cluster,
        releases: Option<Arc<HelmRollouts>>,
        hosts: &std::collections::BTreeSet<Host>,
        purpose: &Purpose<'_>,
        stop: Stop,
        printer: &Printer,
    ) -> Result<Self, CommandError> {
        let clock = SystemClock::start();
        let identity: Arc<str> = cluster.identity().await?.into();
        let releases = match releases {
            Some(releases) => releases,
            None => wire::releases(settings, &cluster, UpgradeOptions::default(), false).await?,
        };
        let secrets: Arc<dyn PullSecrets> = Arc::new(cluster.clone());
        // What the cache says may have moved: what is written is asked for anew.
        let registries =
            wire::registries_with(settings, hosts, Some(secrets), CacheUse::Renew, printer)?;
        let journal = wire::journal(settings);
        let started = clock.now();
        let run = RunId::new(started, random());
        let actor = actor(&cluster).await;
        if !purpose.rehearsal {
            // What is wrong with earlier runs does not stop this one, and has to be known.
            for trouble in journal.records()?.1 {
                printer.warning(&trouble);
            }
            journal.begin(&RunStart {
                id: run.clone(),
                started,
                cluster: Arc::clone(&identity),
                place: cluster.context_name().unwrap_or(cluster.server_url()).to_owned(),
                actor: actor.clone(),
                command: purpose.command.clone(),
            })?;
        }
        let pace = purpose.pace;
        stop.arm();
        Ok(Self {
            cluster,
            releases,
            journal,
            registries,
            prober: NetworkProber::default(),
            clock,
            stop,
            manner: Manner {
                run,
                cluster: identity,
                actor,
                progress_deadline: pace.progress_deadline,
                soak: pace.soak,
                until: pace.run_timeout.map(|length| clock.moment().after(length)),
                rehearsal: purpose.rehearsal,
                run_once: purpose.run_once,
                windows: settings.merged.policy.windows.clone(),
                freezes: settings.merged.policy.freezes.clone(),
                without_lease: !purpose.unattended,
            },
        })
    }

    /// The room in which changes are carried out; `events` hears of every step.
    pub fn room<'a>(&'a self, events: &'a dyn EventSink) -> Room<'a> {
        Room {
            rollouts: &*self.releases,
            lock: &self.cluster,
            journal: &self.journal,
            registry: &self.registries,
            prober: &self.prober,
            clock: &self.clock,
            events,
            stop: &self.stop.wished,
            manner: &self.manner,
        }
    }

    /// What its lookups have cost.
    pub fn usage(&self) -> Usage {
        self.registries.usage()
    }

    /// Whether the user asked to stop.
    pub fn was_stopped(&self) -> bool {
        *self.stop.wished.borrow()
    }

    /// Goes on in spite of a wish to stop, because the user said what is to be done.
    pub fn go_on(&mut self) {
        // The sender is dropped: another Ctrl-C ends the program at once.
        self.stop.wished = watch::channel(false).1;
        self.manner.until = None;
    }

    /// Whether the time of the run is up.
    pub fn is_out_of_time(&self) -> bool {
        self.manner.until.is_some_and(|until: Moment| self.clock.moment() >= until)
    }

    /// Ends the run and tells the head of the journal, so that it can be kept elsewhere; none where
    /// there is none.
    pub fn finish(&self, exit: Exit, printer: &Printer) -> Option<String> {
        self.registries.save();
        if self.manner.rehearsal {
            return None;
        }
        match self.journal.finish(&self.manner.run, exit.code(), self.clock.now()) {
            Ok(head) => {
                printer.note(&format!("run {}, journal head {head}", self.manner.run));
                Some(head)
            }
            Err(error) => {
                printer.warning(&format!("the journal: {error}"));
                None
            }
        }
    }
}

/// Who does this: the cluster's word where it gives one, the user and the machine.
pub async fn actor(cluster: &Cluster) -> Actor {
    let word = |name: &str| variable(name).and_then(|value| value.into_string().ok());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .or_else(|| word("HOSTNAME"))
        .or_else(|| word("COMPUTERNAME"));
    Actor {
        user: cluster.who_am_i().await.ok(),
        local: word("USER")
            .or_else(|| word("LOGNAME"))
            .or_else(|| word("USERNAME"))
            .unwrap_or_else(|| "unknown".into()),
        host: host.unwrap_or_else(|| "unknown".into()),
    }
}

/// Random bits for the name of a run.
fn random() -> u32 {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0; 4];
    // Without random numbers no TLS connection would have come about; the process still differs.
    if ring::rand::SystemRandom::new().fill(&mut bytes).is_err() {
        return std::process::id();
    }
    u32::from_be_bytes(bytes)
}

/// The user's wish to stop, once something is under way that has to come to a safe point.
#[derive(Debug, Clone)]
pub struct Stop {
    wished: watch::Receiver<bool>,
    armed: Arc<Notify>,
}

impl Stop {
    /// From now on Ctrl-C asks to stop; before, it ends the program as it does any other.
    pub fn arm(&self) {
        self.armed.notify_one();
    }
}

/// Runs work that can be stopped once it says so. The first Ctrl-C (or SIGTERM) asks it to stop at a
/// safe point; the second ends the program at once, with the journal as it stands.
///
/// # Errors
/// The work's.
pub fn stoppable<F, W>(printer: &Printer, work: W) -> Result<Exit, CommandError>
where
    F: Future<Output = Result<Exit, CommandError>>,
    W: FnOnce(Stop) -> F,
{
    wire::block_on(async {
        let (ask, wished) = watch::channel(false);
        let armed = Arc::new(Notify::new());
        let work = work(Stop { wished, armed: Arc::clone(&armed) });
        tokio::pin!(work);
        tokio::select! {
            result = &mut work => return result,
            () = armed.notified() => {}
        }
        let mut asked = false;
        loop {
            tokio::select! {
                result = &mut work => return result,
                () = interrupted() => {
                    if asked {
                        printer.say("stopped at once: run `resume` to finish or undo what was begun");
                        return Ok(Exit::Unknown);
                    }
                    asked = true;
                    printer.say("stopping at a safe point (once more: at once)");
                    // The work that would listen has ended when this fails.
                    let _ = ask.send(true);
                }
            }
        }
    })
}

/// Waits for Ctrl-C or SIGTERM. Where no signal can be had, for ever.
async fn interrupted() {
    #[cfg(unix)]
    {
        let terminate = signal::unix::signal(signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                Ok(()) = signal::ctrl_c() => return,
                Some(()) = terminate.recv() => return,
                else => {}
            }
        }
    }
    if signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

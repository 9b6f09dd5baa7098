//! Progress on a terminal, for anything that takes longer than half a second. Nothing on a pipe.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::task::AbortOnDropHandle;

use crate::ports::{Event, EventSink};

/// How long nothing is shown.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(120);

/// One line on standard error that tells what is awaited. It is taken away when dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    counts: Mutex<Counts>,
    _delay: Option<AbortOnDropHandle<()>>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Objects of each kind so far.
    objects: BTreeMap<String, usize>,
    planned: usize,
    done: usize,
}

impl Progress {
    /// A line among `bars` that says `first` until more is known; silent when standard error is no
    /// terminal, or `quiet`. Has to be called on the runtime.
    pub fn start(bars: &MultiProgress, quiet: bool, first: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.set_message(first);
        let visible = !quiet && std::io::stderr().is_terminal();
        let delay = visible.then(|| {
            let (bars, bar) = (bars.clone(), bar.clone());
            AbortOnDropHandle::new(tokio::spawn(async move {
                tokio::time::sleep(PATIENCE).await;
                bars.add(bar.clone());
                bar.enable_steady_tick(TICK);
            }))
        });
        Self { bar, counts: Mutex::default(), _delay: delay }
    }
}

impl Progress {
    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

impl EventSink for Progress {
    fn event(&self, event: Event<'_>) {
        let Ok(mut counts) = self.counts.lock() else {
            return;
        };
        let message = match event {
            Event::Listed { kind, objects } => {
                counts.objects.insert(kind.to_owned(), objects);
                format!("listing workloads: {}", counts.objects.values().sum::<usize>())
            }
            Event::LookupsPlanned { repositories } => {
                (counts.planned, counts.done) = (repositories, 0);
                format!("looking up {repositories} repositories")
            }
            Event::LookedUp { .. } => {
                counts.done += 1;
                format!("looking up repositories: {} of {}", counts.done, counts.planned)
            }
            Event::FactsPlanned { manifests } => {
                (counts.planned, counts.done) = (manifests, 0);
                format!("asking for {manifests} images")
            }
            Event::FactLearned => {
                counts.done += 1;
                format!("asking for images: {} of {}", counts.done, counts.planned)
            }
            // A rollout has a display of its own.
            Event::Rollout(_) | Event::Trouble { .. } => return,
        };
        self.bar.set_message(message);
    }
}

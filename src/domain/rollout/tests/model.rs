//! A small world, in which writes are lost or late, the API goes away, versions work or do not,
//! strangers write and this process is killed: what holds on every way through it.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::*;
use crate::domain::history::ATTEMPTS_MAX;

const PATIENCE: u64 = 30;

/// What becomes of a request that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    /// It is carried out, and the answer is lost.
    AnswerLost,
    /// It is lost itself.
    Lost,
    /// It is carried out this much later, if nothing was changed until then.
    Late(u64),
    Trouble,
    Denied,
    /// Something else of the object has changed in between.
    Moved,
    /// A webhook writes something else.
    Rewritten,
}

/// How a version behaves after its template was written.
#[derive(Debug, Clone, Copy)]
enum Nature {
    /// It becomes healthy after some steps of some seconds.
    Works {
        steps: u64,
        seconds: u64,
    },
    /// It never becomes healthy.
    Stuck,
    /// It fails after so many seconds.
    Fails(u64),
    /// It is healthy, and fails after so many seconds.
    Relapses(u64),
    /// It comes and goes every few seconds.
    Flaps,
    /// Nobody can see it.
    Unverifiable,
    AwaitsRun,
}

#[derive(Debug, Clone)]
struct World {
    template: Arc<str>,
    /// Changes with everything that is written.
    version: u64,
    since: u64,
    now: u64,
    /// A request that is still on its way: when it arrives, for which version, what it writes.
    late: Option<(u64, u64, Arc<str>)>,
    new: Nature,
    old: Nature,
    fates: Vec<Fate>,
    /// Seconds of light and of darkness, over and over.
    light: Vec<(u64, u64)>,
    stranger: Option<(u64, &'static str)>,
    touched: bool,
    /// What was observed last.
    seen: Option<Health>,
}

impl World {
    fn pass(&mut self, until: u64) {
        while self.now < until {
            self.now += 1;
            if let Some((_, image)) = self.stranger.take_if(|(when, _)| *when <= self.now) {
                self.touched = true;
                self.write(image.into());
            }
            if self.late.as_ref().is_some_and(|(when, _, _)| *when <= self.now) {
                self.settle(true);
            }
        }
    }

    /// The late request arrives now, or never.
    fn settle(&mut self, arrives: bool) {
        if let Some((_, version, image)) = self.late.take()
            && arrives
            && version == self.version
        {
            self.write(image);
        }
    }

    fn write(&mut self, image: Arc<str>) {
        self.version += 1;
        self.since = self.now;
        self.template = image;
    }

    fn is_dark(&self) -> bool {
        let round: u64 = self.light.iter().map(|(light, dark)| light + dark).sum();
        if round == 0 {
            return false;
        }
        let mut rest = self.now % round;
        for (light, dark) in &self.light {
            if rest < *light {
                return false;
            }
            if rest < light + dark {
                return true;
            }
            rest -= light + dark;
        }
        false
    }

    fn send(&mut self, from: &[&str], to: Arc<str>) -> Event {
        let fate = self.fates.pop().unwrap_or(Fate::Arrives);
        if self.is_dark() || fate == Fate::Trouble {
            self.pass(self.now + 1);
            return Event::Trouble("503".into());
        }
        if !from.contains(&&*self.template) {
            return Event::Moved("conflict".into());
        }
        match fate {
            Fate::Denied => return Event::Denied("policy".into()),
            Fate::Moved => {
                self.version += 1;
                return Event::Moved("conflict".into());
            }
            Fate::Arrives | Fate::AnswerLost => self.write(Arc::clone(&to)),
            Fate::Rewritten => self.write("mirror/app:2".into()),
            Fate::Late(seconds) => self.late = Some((self.now + seconds, self.version, to)),
            Fate::Lost | Fate::Trouble => {}
        }
        if matches!(fate, Fate::Arrives | Fate::Rewritten) {
            return Event::Written(images(&self.template));
        }
        self.pass(self.now + 1);
        Event::Unclear("504".into())
    }

    fn standing(&self, course: &Course) -> Standing {
        let undo = images(&format!("app:1@{}", old_digest()));
        locate(&course.change, &images("mirror/app:2"), &undo, &images(&self.template))
    }

    fn is_old(&self) -> bool {
        *self.template == *"app:1" || self.template.starts_with("app:1@")
    }

    fn is_new(&self) -> bool {
        matches!(&*self.template, "app:2" | "mirror/app:2")
    }

    fn health(&self, back: bool) -> Health {
        if if back { !self.is_old() } else { !self.is_new() } {
            let what = format!("app is {} now", self.template);
            return Health::Superseded { writer: None, what };
        }
        let age = self.now - self.since;
        let progress = |score: u64| {
            let score = u32::try_from(score).expect("small");
            Health::Progressing { awaited: "pods".into(), score, code: None, ran: score > 0 }
        };
        let healthy = Health::Healthy { unverified: None };
        match if back { self.old } else { self.new } {
            Nature::Works { steps, seconds } if age >= steps * seconds => healthy,
            Nature::Works { seconds, .. } => progress(age / seconds.max(1)),
            Nature::Fails(after) | Nature::Relapses(after) if age >= after => {
                Health::Failed(failure("crash", false))
            }
            Nature::Relapses(_) => healthy,
            Nature::Flaps if (age / 3).is_multiple_of(2) => healthy,
            Nature::Stuck | Nature::Fails(_) | Nature::Flaps => progress(1),
            Nature::Unverifiable => Health::Unverifiable("paused".into()),
            Nature::AwaitsRun => Health::AwaitsRun,
        }
    }

    fn observe(&mut self, back: bool, until: u64) -> Event {
        loop {
            if self.is_dark() {
                self.seen = None;
                self.pass(self.now + 1);
                return Event::Blind("no route".into());
            }
            let health = self.health(back);
            if self.seen.as_ref() != Some(&health) {
                self.seen = Some(health.clone());
                return Event::Observed(health);
            }
            if self.now >= until {
                return Event::Timer;
            }
            self.pass(self.now + 1);
        }
    }

    fn perform(&mut self, course: &Course, phase: &Phase, effect: &Effect) -> Event {
        match effect {
            Effect::Record => Event::Recorded,
            Effect::Rehearse if self.is_dark() => Event::Trouble("503".into()),
            Effect::Rehearse if &*self.template != "app:1" => Event::Moved("conflict".into()),
            Effect::Rehearse => Event::Rehearsed(images("app:2")),
            Effect::Apply => self.send(&["app:1"], "app:2".into()),
            Effect::Restore => {
                let undo = format!("app:1@{}", old_digest());
                self.send(&["app:2", "mirror/app:2"], undo.into())
            }
            Effect::Locate if self.is_dark() => {
                self.pass(self.now + 1);
                Event::Blind("no route".into())
            }
            Effect::Locate => Event::Located(self.standing(course)),
            Effect::Observe(until) => {
                let back = matches!(phase, Phase::RollingBack { .. });
                self.observe(back, until.0.as_secs())
            }
            Effect::Unstick => Event::Unstuck,
            Effect::Wait(until) => {
                assert!(until.0.as_secs() > self.now, "a pause that is none");
                self.pass(until.0.as_secs());
                Event::Timer
            }
            Effect::End => unreachable!("asked for after the end"),
        }
    }
}

/// A moment of a run: what the journal says, and what is the case.
struct Prefix {
    stage: Option<Stage>,
    cause: Option<Failure>,
    world: World,
}

struct Run {
    outcome: Outcome,
    prefixes: Vec<Prefix>,
    world: World,
}

/// Runs to the end. At the given step, if it may be given up there, something else happens.
fn run(
    course: &Course,
    mut world: World,
    begin: (Phase, Effect),
    stage: Option<Stage>,
    instead: Option<&(usize, Event)>,
) -> Run {
    let (mut phase, mut effect) = begin;
    let (mut stage, mut cause) = (stage, None);
    let mut prefixes = Vec::new();
    let begun = world.now;
    world.seen = None;
    for number in 0.. {
        assert!(number < 3000, "no end after {number} steps: {phase:?}");
        assert!(world.now - begun < 3000, "no end after {} s: {phase:?}", world.now);
        stage = Stage::of(&phase).or(stage);
        if let Phase::RollingBack { cause: why, .. } = &phase {
            cause = Some(why.clone());
        }
        let prefix = |world: &World| Prefix { stage, cause: cause.clone(), world: world.clone() };
        if let Phase::Ended(outcome) = phase {
            if !outcome.is_final() {
                prefixes.push(prefix(&world));
            }
            return Run { outcome, prefixes, world };
        }
        prefixes.push(prefix(&world));
        let given_up = instead
            .filter(|(when, _)| *when <= number && !effect.must_finish())
            .map(|(_, event)| event.clone());
        let was_back = matches!(phase, Phase::RollingBack { .. });
        let event = given_up.unwrap_or_else(|| world.perform(course, &phase, &effect));
        prefixes.push(prefix(&world));
        let trouble = matches!(event, Event::Blind(_) | Event::Trouble(_) | Event::Unclear(_));
        let now = Moment(Duration::from_secs(world.now));
        (phase, effect) = step(course, phase, event, now);
        // Not seeing is no reason to undo anything.
        let is_back = matches!(phase, Phase::RollingBack { .. });
        assert!(!(trouble && is_back && !was_back), "undone out of trouble");
    }
    unreachable!()
}

/// Takes up what a killed run left, with an API that works, as often as is allowed.
fn take_up(course: &Course, prefix: &Prefix, arrives: bool) -> Option<Run> {
    let mut stage = prefix.stage?;
    let mut world = prefix.world.clone();
    world.settle(arrives);
    (world.fates, world.light, world.stranger) = (Vec::new(), Vec::new(), None);
    let mut cause = prefix.cause.clone();
    for _ in 0..ATTEMPTS_MAX {
        let now = Moment(Duration::from_secs(world.now));
        let begin = resume(course, stage, &world.standing(course), cause.clone(), now);
        let run = run(course, world, begin, Some(stage), None);
        if run.outcome.is_final() {
            return Some(run);
        }
        let last = run.prefixes.last()?;
        (stage, cause, world) = (last.stage?, last.cause.clone(), last.world.clone());
    }
    panic!("still unknown after {ATTEMPTS_MAX} attempts");
}

/// The outcome says what the template is.
fn is_true(outcome: &Outcome, world: &World) -> bool {
    match outcome {
        Outcome::Succeeded { .. }
        | Outcome::Unverified(_)
        | Outcome::AwaitsRun
        | Outcome::FailedKept(_) => world.is_new(),
        Outcome::RolledBack(_)
        | Outcome::Rehearsed
        | Outcome::NotBegun(_)
        | Outcome::Refused(_)
        | Outcome::Stale(_)
        | Outcome::Abandoned(_)
        | Outcome::Interrupted(_)
        | Outcome::Busy(_)
        | Outcome::Untouched => world.is_old(),
        Outcome::Superseded(_) => false,
        Outcome::Unknown(_) | Outcome::Inconsistent { .. } => world.is_old() || world.is_new(),
    }
}

fn nature() -> impl Strategy<Value = Nature> {
    prop_oneof![
        4 => (0..5_u64, 0..20_u64).prop_map(|(steps, seconds)| Nature::Works { steps, seconds }),
        1 => Just(Nature::Stuck),
        2 => (0..40_u64).prop_map(Nature::Fails),
        1 => (0..40_u64).prop_map(Nature::Relapses),
        1 => Just(Nature::Flaps),
        1 => Just(Nature::Unverifiable),
        1 => Just(Nature::AwaitsRun),
    ]
}

fn api_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Arrives),
        2 => Just(Fate::AnswerLost),
        2 => Just(Fate::Lost),
        2 => (1..50_u64).prop_map(Fate::Late),
        2 => Just(Fate::Trouble),
        2 => Just(Fate::Moved),
    ]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![8 => api_fate(), 1 => Just(Fate::Denied), 1 => Just(Fate::Rewritten)]
}

fn light() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let flicker = (0..20_u64, prop_oneof![0..5_u64, 0..60_u64, Just(100_000)]);
    prop::collection::vec(flicker, 0..4)
}

fn stranger() -> impl Strategy<Value = Option<(u64, &'static str)>> {
    prop::option::weighted(0.2, (1..90_u64, prop_oneof![Just("app:9"), Just("app:1")]))
}

fn world(fate: impl Strategy<Value = Fate>) -> impl Strategy<Value = World> {
    let fates = prop::collection::vec(fate, 0..8);
    (nature(), nature(), fates, light(), stranger()).prop_map(
        |(new, old, fates, light, stranger)| World {
            template: "app:1".into(),
            version: 0,
            since: 0,
            now: 0,
            late: None,
            new,
            old,
            fates,
            light,
            stranger,
            touched: false,
            seen: None,
        },
    )
}

fn a_course() -> impl Strategy<Value = Course> {
    let modes = prop_oneof![
        4 => Just(RollbackMode::Careful),
        1 => Just(RollbackMode::Always),
        1 => Just(RollbackMode::Never),
    ];
    (modes, any::<bool>(), any::<bool>(), 0..40_u64).prop_map(|(mode, state, was_healthy, soak)| {
        let mut course = if state { stateful(Bump::Minor) } else { course() };
        let terms = &mut course.change.terms;
        terms.rollback = mode;
        terms.was_healthy = was_healthy;
        terms.soak = Duration::from_secs(soak);
        terms.progress_deadline = Duration::from_secs(PATIENCE);
        course
    })
}

fn instead() -> impl Strategy<Value = Option<(usize, Event)>> {
    let event = prop_oneof![Just(Event::Interrupted), Just(Event::LeaseLost)];
    prop::option::weighted(0.2, (0..20_usize, event))
}

fn start() -> (Phase, Effect) {
    (Phase::Pending, Effect::Record)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Every run ends, its outcome is true, and whenever it is killed, what it left is brought to an
    /// end that is exactly the old or exactly the new version.
    #[test]
    fn whatever_happens_it_is_the_old_version_or_the_new_one(
        course in a_course(),
        world in world(fate()),
        instead in instead(),
    ) {
        let run = run(&course, world, start(), None, instead.as_ref());
        for arrives in [false, true] {
            let mut world = run.world.clone();
            world.settle(arrives);
            let told = is_true(&run.outcome, &world);
            prop_assert!(told || world.touched, "{:?} and {}", run.outcome, world.template);
        }
        for prefix in &run.prefixes {
            for arrives in [false, true] {
                let Some(end) = take_up(&course, prefix, arrives) else {
                    let world = &prefix.world;
                    prop_assert!(world.is_old() || world.touched, "{}", world.template);
                    continue;
                };
                let told = is_true(&end.outcome, &end.world);
                prop_assert!(
                    told || end.world.touched,
                    "{:?} after {:?}: {}",
                    end.outcome,
                    prefix.stage,
                    end.world.template
                );
            }
        }
    }

    /// A version that works is never undone because the API does not.
    #[test]
    fn trouble_with_the_api_undoes_nothing(
        course in a_course(),
        world in world(api_fate()),
        steps in 0..5_u64,
        seconds in 0..(PATIENCE - 5),
    ) {
        let new = Nature::Works { steps, seconds };
        let world = World { new, stranger: None, ..world };
        let run = run(&course, world, start(), None, None);
        let kept = matches!(
            run.outcome,
            Outcome::Succeeded { .. }
                | Outcome::Unverified(_)
                | Outcome::AwaitsRun
                | Outcome::Unknown(_)
                | Outcome::Abandoned(_)
                | Outcome::Stale(_)
        );
        prop_assert!(kept, "{:?}", run.outcome);
    }
}

/// The model is no proof of anything that does not occur in it.
#[test]
fn every_end_is_reached() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let all = (a_course(), world(fate()), instead());
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..1500 {
        let (course, world, instead) = all.new_tree(&mut runner).expect("a value").current();
        let first = run(&course, world, start(), None, instead.as_ref());
        reached.insert(first.outcome.as_str());
        for prefix in &first.prefixes {
            reached.extend(take_up(&course, prefix, false).map(|end| end.outcome.as_str()));
        }
    }
    let expected = [
        "abandoned",
        "awaits-run",
        "busy",
        "failed-kept",
        "inconsistent",
        "interrupted",
        "refused",
        "rolled-back",
        "stale",
        "succeeded",
        "superseded",
        "unknown",
        "untouched",
        "unverified",
    ];
    assert_eq!(reached.into_iter().collect::<Vec<_>>(), expected);
}

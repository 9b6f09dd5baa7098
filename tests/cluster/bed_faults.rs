//! The bed's trouble makers: the proxy, the webhooks, and what the program can be run under.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::bed::{
    Admission, Answer, Fault, Proxy, Review, Run, Verdict, Webhook, Wrapper, bed, deployment,
};

const SOON: Duration = Duration::from_secs(20);

/// kubectl through the proxy.
fn through(proxy: &Proxy, args: &[&str]) -> Run {
    bed().kubectl_as(&proxy.kubeconfig(), args, "")
}

/// What an anonymous client is answered for `/livez`: the status, how long to wait, the body.
fn answer_to(
    proxy: &Proxy,
    method: Method,
) -> Result<(u16, String, String), Box<dyn std::error::Error>> {
    let authority = bed().kubeconfig().with_file_name("certs").join("ca.crt");
    let authority = reqwest::Certificate::from_pem(&std::fs::read(authority)?)?;
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let answer = client.request(method, format!("{}/livez", proxy.server())).send().await?;
        let wait = answer.headers().get("retry-after").map(|wait| wait.to_str().map(str::to_owned));
        let wait = wait.transpose()?.unwrap_or_default();
        Ok((answer.status().as_u16(), wait, answer.text().await?))
    })
}

fn get(proxy: &Proxy) -> Run {
    through(proxy, &["get", "--raw", "/livez", "--request-timeout=2s"])
}

#[test]
fn the_proxy_forwards_and_counts() {
    let namespace = bed().namespace();
    namespace.create_from(&deployment("web", "registry.invalid/web:1.0.0"));
    let proxy = bed().proxy();
    let audit = bed().audit();
    let run =
        bed().program().kubeconfig(&proxy.kubeconfig()).run(&["list", "-n", namespace.name()]);
    assert!(run.exits(0).stdout.contains("web"), "{run}");
    let path = format!("/namespaces/{}/deployments", namespace.name());
    assert_eq!(proxy.count("GET", &path), 1, "{:#?}", proxy.requests());
    let asked = proxy.requests();
    assert!(asked.iter().all(|asked| asked.status == Some(200)), "{asked:#?}");
    // Two counts of the same run agree.
    let agent = &asked[0].user_agent;
    let tally = audit.tally(agent, namespace.name());
    assert_eq!((tally.of("list deployments"), tally.writes()), (1, 0), "{tally:#?}");
    let there = asked.iter().filter(|asked| asked.path.contains(namespace.name())).count();
    assert_eq!(tally.total(), there, "{tally:#?} {asked:#?}");
    // Somebody else's kubeconfig stays somebody else's.
    let user = namespace.restricted_user("nobody", "[]");
    let refused = bed().kubectl_as(&proxy.kubeconfig_of(&user), &["get", "pods"], "");
    assert!(refused.exits(1).stderr.contains("Forbidden"), "{refused}");
}

#[test]
fn the_proxy_answers_in_the_servers_place() {
    let proxy = bed().proxy();
    let wait = Answer::status(429, "wait a day").header("Retry-After", "86400");
    proxy.fault(Fault::on("READ", "/livez").times(2).answers(wait));
    let leader = Answer::status(500, "etcdserver: leader changed");
    proxy.fault(Fault::on("", "").from(3).times(1).answers(leader));
    proxy.fault(Fault::on("POST", "").answers(Answer::raw(502, "<html>bad gateway</html>")));
    // Not by kubectl, which would wait for a day.
    let ask = |method| answer_to(&proxy, method).expect("an answer");
    for _ in 0..2 {
        let (code, wait, body) = ask(Method::GET);
        assert_eq!((code, wait.as_str()), (429, "86400"), "{body}");
        let status: serde_json::Value = serde_json::from_str(&body).expect("a Status");
        assert_eq!((&status["kind"], &status["code"]), (&"Status".into(), &429.into()));
        assert_eq!(status["message"], "wait a day");
    }
    let (code, _, body) = ask(Method::GET);
    assert!(code == 500 && body.contains("leader changed"), "{code} {body}");
    let (code, _, body) = ask(Method::POST);
    assert_eq!(proxy.strikes(), [2, 1, 1]);
    assert!(code == 502 && body.starts_with("<html>"), "{code} {body}");
    // A rule that forwards stands before those that follow.
    proxy.heal();
    proxy.fault(Fault::on("GET", "/livez").forwards());
    proxy.fault(Fault::on("GET", "").drops());
    assert_eq!(ask(Method::GET).0, 200);
    assert_eq!(proxy.strikes(), [1, 0]);
    assert_eq!(proxy.count("POST", ""), 1);
}

#[test]
fn a_change_is_made_although_the_answer_is_lost() {
    let namespace = bed().namespace();
    namespace.create_from(&deployment("web", "registry.invalid/web:1.0.0"));
    let proxy = bed().proxy();
    let path = "/deployments/web";
    proxy.fault(Fault::on("PATCH", path).nth(1).drops_after_forward());
    proxy.fault(
        Fault::on("PATCH", path).nth(2).answers_after_forward(Answer::status(504, "too late")),
    );
    proxy.fault(Fault::on("PATCH", path).nth(3).drops());
    let image = |version: &str| {
        let set = format!("app=registry.invalid/web:{version}");
        through(&proxy, &["-n", namespace.name(), "set", "image", "deploy/web", &set])
    };
    let now = || {
        let path = "jsonpath={.spec.template.spec.containers[0].image}";
        namespace.kubectl(&["get", "deploy/web", "-o", path]).exits(0).stdout.clone()
    };
    assert!(image("2.0.0").exits(1).stderr.contains("EOF"));
    assert_eq!(now(), "registry.invalid/web:2.0.0");
    assert!(image("3.0.0").exits(1).stderr.contains("too late"));
    assert_eq!(now(), "registry.invalid/web:3.0.0");
    assert!(image("4.0.0").exits(1).stderr.contains("EOF"));
    assert_eq!(now(), "registry.invalid/web:3.0.0");
    assert_eq!(proxy.strikes(), [1, 1, 1]);
    assert_eq!(proxy.count("PATCH", path), 3);
}

#[test]
fn the_proxy_is_slow_or_silent_until_it_is_healed() {
    let proxy = bed().proxy();
    proxy.fault(Fault::on("GET", "/livez").nth(1).delays(Duration::from_secs(1)));
    proxy.fault(Fault::on("GET", "/livez").nth(2).stays_silent());
    let start = Instant::now();
    get(&proxy).exits(0);
    assert!(start.elapsed() > Duration::from_secs(1));
    // kubectl gives up after two seconds, in one of several wordings.
    let start = Instant::now();
    get(&proxy).exits(1);
    assert!(start.elapsed() > Duration::from_millis(1900), "{:?}", start.elapsed());
    assert_eq!(proxy.strikes(), [1, 1]);
    proxy.heal();
    get(&proxy).exits(0);
}

#[test]
fn a_partition_lasts_until_it_is_healed() {
    let proxy = bed().proxy();
    proxy.partition();
    assert!(get(&proxy).exits(1).stderr.contains("refused"));
    proxy.heal();
    get(&proxy).exits(0);
    // And one that begins with a request, which is still answered.
    proxy.fault(Fault::on("GET", "/livez").partitions_after_forward());
    get(&proxy).exits(0);
    get(&proxy).exits(1);
    proxy.heal();
    get(&proxy).exits(0);
}

#[test]
fn watches_are_streamed_cut_and_ended() {
    let namespace = bed().namespace();
    let proxy = bed().proxy();
    let kubeconfig = proxy.kubeconfig();
    let path = format!("/api/v1/namespaces/{}/configmaps?watch=true", namespace.name());
    let watch = || {
        std::thread::scope(|scope| {
            let before = proxy.count("WATCH", "/configmaps");
            let watching =
                scope.spawn(|| bed().kubectl_as(&kubeconfig, &["get", "--raw", &path], ""));
            let end = Instant::now() + SOON;
            while proxy.requests().iter().filter(|r| r.watch && r.status == Some(200)).count()
                == before
            {
                assert!(Instant::now() < end, "no watch: {:#?}", proxy.requests());
                std::thread::sleep(Duration::from_millis(10));
            }
            // It is under way; what happens now has to come through at once, not with the end of the answer.
            let name = format!("new-{before}");
            namespace.kubectl(&["create", "configmap", &name]).exits(0);
            std::thread::sleep(Duration::from_millis(500));
            if before == 0 {
                proxy.cut_watches();
            } else {
                proxy.end_watches();
            }
            let run = watching.join().expect("kubectl ends");
            assert!(run.stdout.contains(&name), "{run}");
            run
        })
    };
    let cut = watch();
    assert!(cut.exits(1).stderr.contains("unexpected EOF"), "{cut}");
    watch().exits(0);
}

/// What a webhook was asked about by kubectl; the controllers write to the same objects whenever they like.
fn of_admin(webhook: &Webhook) -> Vec<Review> {
    webhook.reviews().into_iter().filter(|review| review.user == "admin").collect()
}

#[test]
fn a_webhook_refuses_rewrites_and_hangs() {
    let namespace = bed().namespace();
    namespace.create_from(&deployment("web", "registry.invalid/web:1.0.0"));
    let set = |more: &[&str]| {
        let args = ["set", "image", "deploy/web", "app=registry.invalid/web:2.0.0"];
        namespace.kubectl(&[&args, more].concat())
    };
    let webhook = namespace.admission(&Admission::new(Verdict::Deny("not on fridays".to_owned())));
    assert!(set(&[]).exits(1).stderr.contains("not on fridays"));
    assert!(set(&["--dry-run=server"]).exits(1).stderr.contains("not on fridays"));
    let reviews = of_admin(&webhook);
    assert_eq!(reviews.iter().map(|review| review.dry_run).collect::<Vec<_>>(), [false, true]);
    assert_eq!(reviews[0].name, "web");
    assert_eq!(
        (reviews[0].resource.as_str(), reviews[0].operation.as_str()),
        ("deployments", "UPDATE")
    );
    drop(webhook);

    let webhook = namespace.admission(&Admission::new(Verdict::Allow));
    set(&["--dry-run=server"]).exits(0);
    assert_eq!(of_admin(&webhook).len(), 1);
    drop(webhook);

    let webhook = namespace.admission(&Admission::new(Verdict::Hang));
    assert!(set(&["--dry-run=server"]).exits(1).stderr.contains("failed calling webhook"));
    drop(webhook);

    let mirror = "mirror.invalid/web:2.0.0";
    let rewrites = Admission::new(Verdict::Image(mirror.to_owned())).only_for_real();
    let _webhook = namespace.admission(&rewrites);
    let image = ["-o", "jsonpath={.spec.template.spec.containers[0].image}"];
    let promised = set(&[&["--dry-run=server"][..], &image].concat());
    assert_eq!(promised.exits(0).stdout, "registry.invalid/web:2.0.0");
    assert_eq!(set(&image).exits(0).stdout, mirror);
}

#[test]
fn the_program_can_be_watched_stopped_and_killed() {
    let proxy = bed().proxy();
    proxy.fault(Fault::on("", "").stays_silent());
    let program = bed().program().kubeconfig(&proxy.kubeconfig());
    let mut running = program.spawn(&["list", "-A", "-v=9"]);
    running.signal("STOP");
    std::thread::sleep(Duration::from_millis(200));
    assert!(running.is_running());
    running.signal("CONT");
    running.signal("KILL");
    let run = running.wait(SOON);
    assert!(run.was_killed() && run.code.is_none(), "{run}");
    let interrupted = program.spawn(&["list", "-A"]);
    interrupted.signal("INT");
    assert!(!interrupted.wait(SOON).was_killed());
    // What is dropped is gone.
    let dropped = program.spawn(&["list", "-A"]);
    let id = dropped.id();
    drop(dropped);
    assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
    // And what ends by itself is a run like others.
    let run = program.spawn(&["version"]).wait(SOON);
    assert!(run.exits(0).stdout.contains(env!("CARGO_PKG_VERSION")), "{run}");
}

#[test]
fn the_program_has_a_terminal_of_its_own() {
    let manifest = deployment("web", "registry.invalid/web:1.0.0");
    let program = bed().program();
    let mut running = program.terminal(&["list", "-f", "-", "-o", "name"]);
    running.types(&manifest);
    // The end of what is typed, as ctrl-D on an empty line is.
    running.types("\u{4}");
    running.wait_for("deploy/web:app\r\n", SOON);
    let run = running.wait(SOON);
    assert!(run.exits(0).stdout.contains("kind: Deployment\r\n"), "its echo: {run}");
    let mut interrupted = program.terminal(&["list", "-f", "-"]);
    let _ = interrupted.id();
    interrupted.types("\u{3}");
    let run = interrupted.wait(SOON);
    assert_ne!(run.code, Some(0), "{run}");
}

#[test]
fn the_program_can_be_killed_at_a_system_call() {
    let manifest = deployment("web", "registry.invalid/web:1.0.0");
    let list = ["list", "-f", "-", "-o", "name"];
    let under = |wrapper| bed().program().input(&manifest).under(wrapper).run(&list);
    let run = under(Wrapper::kill_at("write", 1));
    assert!(run.was_killed() && run.stdout.is_empty(), "{run}");
    let run = under(Wrapper::kill_at("write", 1000));
    assert!(run.exits(0).stdout.contains("deploy/web:app"), "{run}");
    // Only of one file: what is counted, and what fails.
    let kubeconfig = bed().kubeconfig();
    let plan = |wrapper| bed().program().under(wrapper).run(&["list", "-n", "default"]);
    let run = plan(Wrapper::fail_at("openat", "EIO", 1).at(kubeconfig));
    assert!(run.code != Some(0) && run.stderr.contains("Input/output error"), "{run}");
    let run = plan(Wrapper::kill_at("openat", 1).at(kubeconfig));
    assert!(run.was_killed(), "{run}");
    plan(Wrapper::fail_once_at("openat", "EIO", 1).at(&kubeconfig.with_extension("other")))
        .exits(0);
    // The program under it is found by its own process.
    let running = bed().program().under(Wrapper::kill_at("write", 1000)).terminal(&list);
    running.signal("KILL");
    assert!(!running.wait(SOON).stdout.contains("deploy"));
}

#[test]
fn the_state_directory_can_be_full_or_closed() {
    // A command that writes where it is told to: the shell that stands in for the program.
    let write = |wrapper: Wrapper, bytes: &str| {
        let program = bed().program().home_file(".config/safe-update/kept", "before");
        let script = format!(
            "cat $HOME/.config/safe-update/kept; head -c {bytes} /dev/zero > $HOME/.config/safe-update/new"
        );
        let line = ["sh", "-c", &script].map(Into::into).to_vec();
        let run = program.run_wrapped(&wrapper, line);
        assert!(run.stdout.starts_with("before"), "{run}");
        let size = |name: &str| program.state_home().join(name).metadata().ok().map(|m| m.len());
        assert_eq!(size("kept"), Some(6));
        (run, size("new"))
    };
    let (fits, size) = write(Wrapper::state_on_disk_of("64k"), "1000");
    assert_eq!((fits.code, size), (Some(0), Some(1000)), "{fits}");
    let (full, size) = write(Wrapper::state_on_disk_of("64k"), "100000");
    assert!(
        full.stderr.contains("No space left") && size.is_some_and(|size| size < 64 << 10),
        "{full}"
    );
    let (closed, size) = write(Wrapper::read_only_state(), "1000");
    assert!(closed.stderr.contains("Read-only file system") && size.is_none(), "{closed}");
}

//! The probes of a policy: HTTP and TCP, each within its own deadline. An answer's body is not read,
//! redirects are not followed, and no credentials are sent.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::redirect;
use tokio::net::TcpStream;

use crate::domain::change::Probe;
use crate::ports::rollouts::Prober;

/// The longest that one probe may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Asks over the network.
#[derive(Debug, Default)]
pub struct NetworkProber {
    client: std::sync::OnceLock<Result<reqwest::Client, String>>,
}

impl NetworkProber {
    async fn http(&self, url: &str) -> Result<(), String> {
        // Built on first use: most runs have no probe, and reading the system's CAs costs time.
        let client = self.client.get_or_init(|| {
            reqwest::Client::builder()
                .redirect(redirect::Policy::none())
                .timeout(DEADLINE)
                .build()
                .map_err(|error| error.to_string())
        });
        let client = client.as_ref().map_err(Clone::clone)?;
        let answer = client.get(url).send().await.map_err(|error| {
            // The address stands in the policy already; what matters is what went wrong.
            if error.is_timeout() {
                format!("no answer within {} s", DEADLINE.as_secs())
            } else if error.is_connect() {
                "no connection".to_owned()
            } else {
                error.without_url().to_string()
            }
        })?;
        let status = answer.status();
        if status.as_u16() < 400 { Ok(()) } else { Err(format!("HTTP {}", status.as_u16())) }
    }

    async fn tcp(address: &str) -> Result<(), String> {
        match tokio::time::timeout(DEADLINE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no connection within {} s", DEADLINE.as_secs())),
        }
    }
}

impl Prober for NetworkProber {
    fn probe<'a>(&'a self, probe: &'a Probe) -> BoxFuture<'a, Result<(), String>> {
        async move {
            match probe {
                Probe::Http(url) => self.http(url).await,
                Probe::Tcp(address) => Self::tcp(address).await,
            }
        }
        .boxed()
    }
}

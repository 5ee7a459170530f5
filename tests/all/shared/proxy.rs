//! A network between a host and the table that can hold one request back, or swallow everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What a write to the table carries in its head.
const PUT: &[u8] = b"DynamoDB_20120810.PutItem";

#[derive(Default)]
struct Rules {
    puts: AtomicUsize,
    hold_at: AtomicUsize,
    swallow_from: AtomicUsize,
    healed: AtomicBool,
    reached: Notify,
    go: Notify,
}

/// The network.
pub(crate) struct Proxy {
    port: u16,
    rules: Arc<Rules>,
}

impl Proxy {
    /// In front of `http://host:port`. It ends with the test's runtime.
    pub(crate) fn start(to: &str) -> Self {
        let to = to.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("non-blocking");
        let port = listener.local_addr().expect("an address").port();
        let rules = Arc::new(Rules::default());
        let shared = rules.clone();
        tokio::spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, to.clone(), shared.clone()));
            }
        });
        Self { port, rules }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Holds back the `at`-th write from now on until it is let go.
    pub(crate) fn hold_put(&self, at: usize) {
        self.rules.hold_at.store(self.rules.puts.load(Ordering::SeqCst) + at, Ordering::SeqCst);
    }

    /// Swallows the `at`-th write from now on, and all that comes after it, until it is healed.
    pub(crate) fn swallow_from_put(&self, at: usize) {
        self.rules.swallow_from.store(self.rules.puts.load(Ordering::SeqCst) + at, Ordering::SeqCst);
    }

    /// Waits until a write is held back.
    pub(crate) async fn held(&self) {
        self.rules.reached.notified().await;
    }

    /// Waits until something was swallowed.
    pub(crate) async fn swallowed(&self) {
        self.rules.reached.notified().await;
    }

    pub(crate) fn let_go(&self) {
        self.rules.go.notify_one();
    }

    pub(crate) fn heal(&self) {
        self.rules.healed.store(true, Ordering::SeqCst);
    }
}

impl Rules {
    /// Whether what the client wrote goes on; waits where it is held back.
    async fn passes(&self, bytes: &[u8]) -> bool {
        let puts = if bytes.windows(PUT.len()).any(|window| window == PUT) {
            self.puts.fetch_add(1, Ordering::SeqCst) + 1
        } else {
            self.puts.load(Ordering::SeqCst)
        };
        if puts == self.hold_at.load(Ordering::SeqCst) && puts > 0 {
            self.hold_at.store(0, Ordering::SeqCst);
            self.reached.notify_one();
            self.go.notified().await;
        }
        let from = self.swallow_from.load(Ordering::SeqCst);
        let swallows = from > 0 && puts >= from && !self.healed.load(Ordering::SeqCst);
        if swallows {
            self.reached.notify_one();
        }
        !swallows
    }
}

async fn carry(client: TcpStream, to: String, rules: Arc<Rules>) {
    let Ok(server) = TcpStream::connect(&to).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 65_536];
    while let Ok(read) = from_client.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        if rules.passes(&buffer[..read]).await && to_server.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    back.abort();
}

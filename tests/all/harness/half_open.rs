//! A network that goes dead without a word: sockets stay open on this side, and nothing comes back.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The request arrives; its answer does not.
    Answers,
    /// The request does not arrive.
    Requests,
}

#[derive(Default)]
struct Rules {
    /// What is lost of the requests that hold these bytes, and of all that follows on their connections.
    dead: Mutex<Option<(Lost, Vec<u8>)>>,
    lost: AtomicUsize,
    over: AtomicBool,
}

impl Rules {
    fn loses(&self, bytes: &[u8]) -> Option<Lost> {
        let dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        let (lost, mark) = dead.as_ref()?;
        let hit = mark.is_empty() || bytes.windows(mark.len()).any(|window| window == mark);
        hit.then(|| self.lost.fetch_add(1, Ordering::SeqCst)).map(|_| *lost)
    }
}

/// The network in front of one backend.
pub(crate) struct HalfOpen {
    port: u16,
    rules: Arc<Rules>,
}

impl HalfOpen {
    /// In front of `http://host:port`; it carries everything until it is told otherwise.
    pub(crate) fn before(to: &str) -> Self {
        let to = to.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let rules = Arc::new(Rules::default());
        let shared = rules.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.over.load(Ordering::SeqCst) {
                    return;
                }
                carry(client, &to, &shared);
            }
        });
        Self { port, rules }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on it loses this of every request that holds `mark` (all of them where that is empty).
    pub(crate) fn loses(&self, what: Lost, mark: &str) {
        *self.rules.dead.lock().unwrap_or_else(PoisonError::into_inner) = Some((what, mark.as_bytes().to_vec()));
    }

    /// New connections are carried again; those that are dead stay so.
    pub(crate) fn heals(&self) {
        *self.rules.dead.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How many requests it lost, or whose answers.
    pub(crate) fn lost(&self) -> usize {
        self.rules.lost.load(Ordering::SeqCst)
    }
}

impl Drop for HalfOpen {
    fn drop(&mut self) {
        self.rules.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port)); // so that the listener looks
    }
}

/// Carries one connection, on two threads that end with it.
fn carry(client: TcpStream, to: &str, rules: &Arc<Rules>) {
    let Ok(server) = TcpStream::connect(to) else { return };
    let (Ok(from_server), Ok(to_client)) = (server.try_clone(), client.try_clone()) else { return };
    let (muted, rules) = (Arc::new(AtomicBool::new(false)), rules.clone());
    let mute = muted.clone();
    thread::spawn(move || back(from_server, to_client, &muted));
    thread::spawn(move || forth(client, server, &rules, &mute));
}

/// From the client, until it closes: a dead connection is held open, and whatever comes on it is lost.
fn forth(mut client: TcpStream, mut server: TcpStream, rules: &Rules, mute: &AtomicBool) {
    let (mut buffer, mut deaf) = (vec![0; 65_536], false);
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let lost = if deaf { Some(Lost::Requests) } else { rules.loses(&buffer[..read]) };
        deaf |= lost.is_some();
        if lost.is_some() {
            mute.store(true, Ordering::SeqCst);
        }
        if lost != Some(Lost::Requests) && server.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(std::net::Shutdown::Both);
    let _ = client.shutdown(std::net::Shutdown::Both);
}

/// From the server, until it closes, which a dead connection does not hear of.
fn back(mut server: TcpStream, mut client: TcpStream, muted: &AtomicBool) {
    let mut buffer = vec![0; 65_536];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        if !muted.load(Ordering::SeqCst) && client.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    if !muted.load(Ordering::SeqCst) {
        let _ = client.shutdown(std::net::Shutdown::Both);
    }
}

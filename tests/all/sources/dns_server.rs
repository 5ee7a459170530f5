//! A DNS server on loopback that answers by a function; its answers are written byte by byte (RFC 1035, section 4).

use std::net::SocketAddr;
use std::sync::Arc;

/// What is answered: a response code and records of (type, time to live, data); `None` is silence.
pub(super) type Reply = Option<(u8, Vec<(u16, u32, Vec<u8>)>)>;

/// The running server; it stops when it is dropped.
pub(super) struct DnsServer {
    pub(super) address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl DnsServer {
    pub(super) async fn start(script: impl Fn(&str, u16) -> Reply + Send + Sync + 'static) -> Self {
        let socket = Arc::new(tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let address = socket.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut packet = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut packet).await {
                let (name, kind, end) = question(&packet[..length]);
                if let Some((code, records)) = script(&name, kind) {
                    let _ = socket.send_to(&answer(&packet[..end], code, &records), from).await;
                }
            }
        });
        Self { address, task }
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Name and type that are asked, and where the question ends.
fn question(packet: &[u8]) -> (String, u16, usize) {
    let (mut at, mut labels) = (12, Vec::new());
    while packet[at] != 0 {
        let length = usize::from(packet[at]);
        labels.push(String::from_utf8_lossy(&packet[at + 1..at + 1 + length]).to_lowercase());
        at += 1 + length;
    }
    (labels.join("."), u16::from_be_bytes([packet[at + 1], packet[at + 2]]), at + 5)
}

fn answer(question: &[u8], code: u8, records: &[(u16, u32, Vec<u8>)]) -> Vec<u8> {
    let mut packet = question.to_vec();
    // A response, recursion desired and available; one question, no further sections.
    packet[2..12].copy_from_slice(&[0x81, 0x80 | code, 0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
    for (kind, ttl, data) in records {
        packet.extend([0xC0, 12]); // the name of the question
        packet.extend(kind.to_be_bytes());
        packet.extend([0, 1]);
        packet.extend(ttl.to_be_bytes());
        packet.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        packet.extend(data);
    }
    packet
}

/// A name as DNS writes it.
pub(super) fn name(name: &str) -> Vec<u8> {
    let label = |label: &str| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat();
    name.split('.').flat_map(label).chain([0]).collect()
}

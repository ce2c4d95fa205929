//! HTTP byte by byte: what no decent client would send.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Sends these bytes, and hears until the station closes, has sent a whole answer, or is silent for 5 s.
pub fn send(url: &str, bytes: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("the station takes connections");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket has a time-out");
    // The station may answer and close before it has read all.
    let _ = stream.write_all(bytes);
    answer(&mut stream)
}

fn answer(stream: &mut TcpStream) -> (u16, String) {
    let (mut heard, mut block) = (Vec::new(), [0_u8; 8192]);
    while !is_whole(&heard) {
        match stream.read(&mut block) {
            Ok(count @ 1..) => heard.extend_from_slice(&block[..count]),
            _ => break,
        }
    }
    let text = String::from_utf8_lossy(&heard).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, text)
}

/// Sends the second part when the first has been there for a moment, then the next request on the same connection; the
/// status of both answers.
pub fn in_parts(url: &str, first: &str, second: &str, next: &str) -> (u16, u16) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("the station takes connections");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket has a time-out");
    let mut send = |part: &str| {
        let _ = stream.write_all(part.as_bytes());
        std::thread::sleep(Duration::from_millis(100));
    };
    send(first);
    send(second);
    let before = answer(&mut stream).0;
    let _ = stream.write_all(next.as_bytes());
    (before, answer(&mut stream).0)
}

/// A request with these header lines; `{host}` in them is the station's own address.
pub fn request(url: &str, first_line: &str, headers: &[&str], body: &str) -> (u16, String) {
    let host = url.trim_start_matches("http://");
    let headers: String = headers.iter().map(|line| format!("{}\r\n", line.replace("{host}", host))).collect();
    send(url, format!("{first_line} HTTP/1.1\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).as_bytes())
}

fn is_whole(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
    head.starts_with("HTTP/1.1 101") || length.is_some_and(|length| body.len() >= length)
}

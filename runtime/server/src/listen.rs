//! Takes connections, so many and no more.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{MethodFilter, on};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::door::{Peer, enter};
use crate::routes::{ROUTES, Verb};
use crate::{Station, limits, openapi};

/// What all requests share.
pub(crate) struct App {
    pub(crate) station: Arc<dyn Station>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) openapi: String,
    /// Turns true when the station stops.
    pub(crate) closing: watch::Receiver<bool>,
}

/// The server's own figures, for `/metrics`.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    requests: AtomicU64,
    refused: AtomicU64,
    turned_away: AtomicU64,
    consoles: AtomicU64,
    cut_off: AtomicU64,
    by_source: Mutex<HashMap<IpAddr, usize>>,
}

impl Figures {
    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn console_came(&self) {
        self.consoles.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn console_went(&self, cut_off: bool) {
        self.consoles.fetch_sub(1, Ordering::Relaxed);
        self.cut_off.fetch_add(u64::from(cut_off), Ordering::Relaxed);
    }

    fn connections(&self) -> usize {
        self.by_source.lock().values().sum()
    }

    /// Prometheus text.
    pub(crate) fn text(&self) -> String {
        let count = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let lines = [
            ("http_requests_total", "counter", "Requests since the start.", count(&self.requests)),
            ("http_refused_total", "counter", "Requests that were refused (401, 403, 429).", count(&self.refused)),
            ("connections_turned_away_total", "counter", "Connections over the limit.", count(&self.turned_away)),
            ("connections_open", "gauge", "Open connections, consoles included.", self.connections() as u64),
            ("consoles", "gauge", "Open live connections.", count(&self.consoles)),
            ("consoles_cut_off_total", "counter", "Consoles that were too slow or too fast.", count(&self.cut_off)),
        ];
        let mut text = String::new();
        for (name, kind, words, value) in lines {
            text.push_str(&format!(
                "# HELP plantroom_{name} {words}\n# TYPE plantroom_{name} {kind}\nplantroom_{name} {value}\n"
            ));
        }
        text
    }
}

/// A place among the connections.
pub(crate) struct Slot {
    figures: Arc<Figures>,
    source: IpAddr,
}

impl Slot {
    fn take(figures: &Arc<Figures>, source: IpAddr, most: usize) -> Option<Self> {
        let mut by_source = figures.by_source.lock();
        let all: usize = by_source.values().sum();
        let here = by_source.entry(source).or_default();
        if all >= limits::CONNECTIONS.min(most) || *here >= limits::CONNECTIONS_PER_SOURCE {
            figures.turned_away.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        *here += 1;
        drop(by_source);
        Some(Self { figures: figures.clone(), source })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut by_source = self.figures.by_source.lock();
        if let Some(here) = by_source.get_mut(&self.source) {
            *here -= 1;
            if *here == 0 {
                by_source.remove(&self.source);
            }
        }
    }
}

/// Serves a station until `shutdown` ends; then open connections get [`limits::CLOSE_MS`] to finish.
///
/// # Errors
/// When the listener's address can't be told; single connections that fail only end themselves.
pub async fn serve(
    listener: TcpListener,
    station: Arc<dyn Station>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let (close, closing) = watch::channel(false);
    let figures = Arc::new(Figures::default());
    let app = Arc::new(App { station, figures: figures.clone(), openapi: openapi::document(), closing });
    let router = router(&app);
    tracing::info!("listening at http://{address}");
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => match Slot::take(&figures, peer.ip().to_canonical(), app.station.connections()) {
                Some(slot) => drop(tokio::spawn(connection(stream, slot, router.clone(), app.closing.clone()))),
                None => turn_away(&stream),
            },
            Err(error) => {
                // No file handles left, or the peer has gone: nothing to do but to try again.
                tracing::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    let _ = close.send(true);
    let ended = async {
        while figures.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(limits::CLOSE_MS), ended).await;
    Ok(())
}

/// Every route of the table, behind the one door.
fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let app = app.clone();
        let filter = match route.verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Put => MethodFilter::PUT,
            Verb::Delete => MethodFilter::DELETE,
        };
        router = router.route(route.path, on(filter, move |request| enter(app.clone(), Ok(route), request)));
    }
    let (nothing, other_method) = (app.clone(), app.clone());
    router
        .fallback(move |request| enter(nothing.clone(), Err(StatusCode::NOT_FOUND), request))
        .method_not_allowed_fallback(move |request| enter(other_method.clone(), Err(StatusCode::METHOD_NOT_ALLOWED), request))
}

async fn connection(stream: TcpStream, slot: Slot, router: Router, mut closing: watch::Receiver<bool>) {
    let (Ok(local), source) = (stream.local_addr(), slot.source) else { return };
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(limits::UNSENT_BYTES);
    let peer = Peer { address: source, local, _slot: Arc::new(slot) };
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        tower::Service::call(&mut router.clone(), request)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits::HEAD_MS))
        .max_headers(limits::HEADERS)
        .max_buf_size(limits::HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    // The sender's end is a stop too.
    let stopped = async move { while !*closing.borrow_and_update() && closing.changed().await.is_ok() {} };
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection from {source} ended: {error}");
    }
}

fn turn_away(stream: &TcpStream) {
    let body = r#"{"error":"too many connections","help":"close some consoles or clients, then try again"}"#;
    let head = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close";
    // Whoever doesn't take it at once goes without.
    let _ = stream.try_write(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes());
}

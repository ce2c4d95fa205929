//! E-mail: one letter, one recipient, one connection.

use std::sync::Arc;
use std::time::Duration;

use mail_send::mail_builder::MessageBuilder;
use mail_send::mail_builder::headers::raw::Raw;
use mail_send::smtp::message::Message;
use mail_send::{Error, SmtpClientBuilder};
use plantroom_model::{Priority, Utc};
use plantroom_project::{OutletKind, Tls};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::secret::{certificates, secret};
use super::{Failure, FailureKind};
use crate::desk::Job;
use crate::item::cut;
use crate::limits;

/// A mail server, as the project names it.
struct Server<'a> {
    name: &'a str,
    port: u16,
    tls: Tls,
    ca_file: Option<&'a str>,
    login: Option<(String, String)>,
    timeout: Duration,
}

/// Delivers a letter by e-mail.
pub(super) fn deliver(job: &Job, now: Utc) -> Result<String, Failure> {
    let OutletKind::Smtp { server, port, tls, user, password_file, ca_file, from, timeout_ms } = &job.outlet.kind else {
        return Err(Failure::new(FailureKind::ForGood, "this outlet is no mail server"));
    };
    let login = match (user, password_file) {
        (Some(user), Some(file)) => Some((user.clone(), secret(file, "password of the mail server")?)),
        _ => None,
    };
    let timeout = Duration::from_millis(u64::from(*timeout_ms));
    let server = Server { name: server, port: *port, tls: *tls, ca_file: ca_file.as_deref(), login, timeout };
    let message = message(job, from, now)?;
    let no_network = |error| Failure::new(FailureKind::Outside, format!("the system gives no network: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_network)?;
    runtime.block_on(async {
        let sending = server.send(message);
        // The whole conversation has this time, however slowly the server speaks.
        tokio::time::timeout(timeout, sending).await.unwrap_or_else(|_| Err(server.silent("it took too long")))
    })
}

impl Server<'_> {
    async fn send(&self, message: Message<'_>) -> Result<String, Failure> {
        let connector = self.connector()?;
        let mut builder = SmtpClientBuilder::new_with_tls_connector(self.name.to_owned(), self.port, connector)
            .timeout(self.timeout)
            .implicit_tls(self.tls == Tls::Tls);
        if let Some(login) = &self.login {
            builder = builder.credentials(login.clone());
        }
        let sent = if self.tls == Tls::None {
            builder.connect_plain().await.map_err(|error| self.no_connection(&error))?.send(message).await
        } else {
            builder.connect().await.map_err(|error| self.no_connection(&error))?.send(message).await
        };
        let reply = sent.map_err(|error| self.refused(&error))?;
        Ok(cut(format!("{} {}", reply.code(), reply.message()).trim(), limits::ANSWER_BYTES).to_owned())
    }

    /// Trusts what the machine trusts, and what the project adds.
    fn connector(&self) -> Result<TlsConnector, Failure> {
        let mut roots = RootCertStore::empty();
        if self.tls != Tls::None {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        if let Some(path) = self.ca_file {
            let pem = certificates(path)?;
            let (added, _) = roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
            if added == 0 {
                return Err(Failure::new(FailureKind::Outside, format!("these are no certificates in PEM: {path}")));
            }
        }
        let builder =
            ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| Failure::new(FailureKind::Outside, format!("TLS can't be used: {error}")))?;
        Ok(TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
    }

    /// Until somebody may speak: what is wrong then may be mended.
    fn no_connection(&self, error: &Error) -> Failure {
        let name = self.name;
        let why = match error {
            Error::AuthenticationFailed(reply) => {
                let said = format!("{} {}", reply.code(), reply.message());
                format!("{name} refuses user or password ({said}): check user and password_file")
            }
            Error::UnsupportedAuthMechanism => format!("{name} knows no way to log in that can be used here: ask who runs it"),
            Error::MissingStartTls => {
                format!(
                    "{name} offers no STARTTLS, and nothing is sent in the clear: write tls = \"tls\", or have it switched on"
                )
            }
            Error::Tls(error) if error.to_string().contains("ertificate") => {
                let help = "check the name in server, or put the certificate of the works' own authority into ca_file";
                format!("{name} can't prove that it is {name} ({error}): {help}")
            }
            Error::UnexpectedReply(reply) if (400..500).contains(&reply.code()) => return self.refused(error),
            other => return self.silent(&other.to_string()),
        };
        Failure::new(FailureKind::Outside, cut(&why, limits::ANSWER_BYTES))
    }

    /// The letter itself is refused, now or for good; or the server has gone.
    fn refused(&self, error: &Error) -> Failure {
        let Error::UnexpectedReply(reply) = error else { return self.silent(&error.to_string()) };
        let said = format!("{} {}", reply.code(), reply.message());
        let (kind, why) = match reply.code() {
            400..=499 => (FailureKind::Later, format!("{} asks to try later: {said}", self.name)),
            530 | 534 | 535 | 538 => {
                let help = "add user and password_file, or check them";
                (FailureKind::Outside, format!("{} wants to know who sends ({said}): {help}", self.name))
            }
            500..=599 => (FailureKind::ForGood, format!("{} refuses the message: {said}", self.name)),
            _ => return self.silent(&said),
        };
        Failure::new(kind, cut(&why, limits::ANSWER_BYTES))
    }

    fn silent(&self, said: &str) -> Failure {
        let why = format!("{}:{} doesn't answer as a mail server should: {said}", self.name, self.port);
        Failure::new(FailureKind::Outside, cut(&why, limits::ANSWER_BYTES))
    }
}

fn message(job: &Job, from: &str, now: Utc) -> Result<Message<'static>, Failure> {
    let letter = &job.letter;
    let domain = from.split_once('@').map_or("plantroom", |(_, domain)| domain);
    let urgency = if letter.priority >= Priority::High { "1" } else { "3" };
    let bytes = MessageBuilder::new()
        .from((job.plant.as_str(), from))
        .to(letter.to.as_str())
        .subject(letter.subject.as_str())
        .message_id(format!("plantroom.{}@{domain}", letter.id))
        .date(now.0 / 1_000_000_000)
        // No answer of a holiday machine, please (RFC 3834).
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .header("X-Priority", Raw::new(urgency))
        .text_body(letter.text.as_str())
        .write_to_vec()
        .map_err(|error| Failure::new(FailureKind::ForGood, format!("the letter can't be written as e-mail: {error}")))?;
    Ok(Message::new(from.to_owned(), [letter.to.clone()], bytes))
}

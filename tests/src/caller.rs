//! Callers by role: who asks is the receiver, what is asked is the same for all.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder, redirect::Policy};
use serde_json::{Value, json};

use crate::{Answer, Events, Secrets, header_list, secrets::passwords_in};

/// How a caller proves who it is.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Not at all.
    Anonymous,
    /// `Authorization: Bearer` with an access token.
    Bearer(String),
    /// The page's cookies, from the page's own origin.
    Cookies {
        /// `tollgate_session`.
        session: String,
        /// `tollgate_refresh`.
        refresh: String,
    },
    /// `Authorization: Bearer` with an API key.
    Key(String),
}

/// Somebody who makes requests; goes on working when the server was restarted on another port.
#[derive(Debug, Clone)]
pub struct Caller {
    base: Arc<Mutex<String>>,
    is_proxied: bool,
    client: Client,
    secrets: Secrets,
    /// Who it says it is.
    pub identity: Identity,
}

/// A request to be sent.
pub struct Call {
    request: RequestBuilder,
    is_proxied: bool,
    method: Method,
    path: String,
    passwords: Vec<String>,
    secrets: Secrets,
}

impl Caller {
    pub(crate) fn new(base: Arc<Mutex<String>>, secrets: Secrets, identity: Identity) -> Self {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client without TLS");
        Self { base, is_proxied: false, client, secrets, identity }
    }

    /// The same through a proxy at this address, with the path that all paths begin with there.
    #[must_use]
    pub fn through(&self, base: &str) -> Self {
        Self { base: Arc::new(Mutex::new(base.to_owned())), is_proxied: true, ..self.clone() }
    }

    /// The same client as somebody else.
    #[must_use]
    pub fn as_identity(&self, identity: Identity) -> Self {
        if let Identity::Key(key) = &identity {
            self.secrets.note_presented(key);
        }
        Self { identity, ..self.clone() }
    }

    /// The server's origin, with the path that all paths begin with.
    #[must_use]
    pub fn origin(&self) -> String {
        self.base.lock().expect("no holder panics").clone()
    }

    /// The secret that it presents.
    ///
    /// # Panics
    /// If it is anonymous.
    #[must_use]
    pub fn secret(&self) -> &str {
        match &self.identity {
            Identity::Bearer(secret) | Identity::Key(secret) | Identity::Cookies { session: secret, .. } => secret,
            Identity::Anonymous => panic!("an anonymous caller has no secret"),
        }
    }

    /// A request by this caller; a browser's headers come with its cookies.
    #[must_use]
    pub fn call(&self, method: Method, path: &str) -> Call {
        let origin = self.origin();
        let mut request = self.client.request(method.clone(), format!("{origin}{path}"));
        request = match &self.identity {
            Identity::Anonymous => request,
            Identity::Bearer(secret) | Identity::Key(secret) => request.bearer_auth(secret),
            Identity::Cookies { session, refresh } => {
                let mut cookies = format!("tollgate_session={session}");
                if path.starts_with("/sessions") {
                    cookies.push_str(&format!("; tollgate_refresh={refresh}"));
                }
                request.header("cookie", cookies).header("origin", origin).header("sec-fetch-site", "same-origin")
            }
        };
        let (is_proxied, secrets) = (self.is_proxied, self.secrets.clone());
        Call { request, is_proxied, method, path: path.to_owned(), passwords: Vec::new(), secrets }
    }

    /// GET.
    #[must_use]
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// POST of a JSON body.
    #[must_use]
    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    /// PATCH with a JSON body.
    #[must_use]
    pub fn patch(&self, path: &str, body: &Value) -> Call {
        self.call(Method::PATCH, path).json(body)
    }

    /// DELETE.
    #[must_use]
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// `POST /create_key` for a plan.
    #[must_use]
    pub fn create_key(&self, plan: &str) -> Call {
        self.post("/create_key", &json!({"plan_name": plan}))
    }

    /// Creates a key on a plan and becomes its holder; gives the key's id too.
    ///
    /// # Panics
    /// If no key is made.
    pub async fn key_on(&self, plan: &str) -> (Self, String) {
        let created = self.create_key(plan).send().await.expect(200).json();
        let text = |member: &str| created[member].as_str().expect("a text").to_owned();
        (self.as_identity(Identity::Key(text("value"))), text("id"))
    }

    /// A chat request for a whole answer.
    #[must_use]
    pub fn chat(&self, message: &str) -> Call {
        self.post("/v1/chat/completions", &chat_body(message, false))
    }

    /// A chat request for a streamed answer.
    #[must_use]
    pub fn chat_stream(&self, message: &str) -> Call {
        self.post("/v1/chat/completions", &chat_body(message, true))
    }

    /// What `GET /v1/key` says is used of the quota.
    ///
    /// # Panics
    /// If the key doesn't work or has no quota.
    pub async fn used(&self) -> u64 {
        let status = self.get("/v1/key").send().await.expect(200).json();
        status["quota"]["used"].as_u64().unwrap_or_else(|| panic!("no quota in {status}"))
    }
}

fn chat_body(message: &str, stream: bool) -> Value {
    json!({"model": "model-1", "stream": stream, "messages": [{"role": "user", "content": message}]})
}

impl Call {
    /// A header more; one that is there already gets a second value.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.passwords = passwords_in(&self.path, body);
        self.request = self.request.json(body);
        self
    }

    /// A body of any bytes, as it is.
    #[must_use]
    pub fn body(mut self, kind: &str, body: impl Into<Bytes>) -> Self {
        self.request = self.request.header("content-type", kind).body(body.into());
        self
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Panics
    /// If the connection fails.
    pub async fn send(self) -> Answer {
        let asked = format!("{} {}", self.method, self.path);
        self.try_send().await.unwrap_or_else(|e| panic!("{asked}: {e:?}"))
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Errors
    /// If the connection fails.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let asked = format!("{} {}", self.method, self.path);
        let response = self.request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        header_list::check(&self.path, status, &headers, self.is_proxied);
        self.secrets.note_passwords(&self.passwords, status);
        let body = response.bytes().await?;
        self.secrets.look_through(&self.method, &self.path, &headers, &body);
        Ok(Answer::new(asked, status, headers, body))
    }

    /// Sends it and reads the answer as it comes.
    ///
    /// # Panics
    /// If it isn't a 200 with server-sent events.
    pub async fn stream(self) -> Events {
        let asked = format!("{} {}", self.method, self.path);
        let response = self.request.send().await.unwrap_or_else(|e| panic!("{asked}: {e:?}"));
        header_list::check(&self.path, response.status(), response.headers(), self.is_proxied);
        self.secrets.look_through_headers(&asked, response.headers());
        if response.status() != 200 {
            panic!("{asked}: {}: {}", response.status(), response.text().await.unwrap_or_default());
        }
        Events::new(response, self.secrets)
    }
}

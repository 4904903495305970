//! What a program does with the client that progenitor makes, from sign-up to revocation.

use reqwest::header::{AUTHORIZATION, HeaderMap};
use rust_client::types::{
    ChatCompletion, ChatCompletionRequest, CreateKey, Credentials, ErrorEnvelope, KeyState, NewAccount, Problem,
    ProblemCode, Quota, RefreshSession, TextContent, UserMessage, UserMessageRole,
};
use rust_client::{Client, Error, ResponseValue};

type Failure = Box<dyn std::error::Error>;

/// A client that presents an access token or an API key.
fn with_token(base_url: &str, token: &str) -> Result<Client, Failure> {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse()?)]);
    let http = reqwest::Client::builder().default_headers(headers).build()?;
    Ok(Client::new_with_client(base_url, http))
}

/// The status and the code of a refusal.
#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<ResponseValue<T>, Error<Problem>>) -> (u16, ProblemCode, Problem) {
    match answer {
        Err(Error::ErrorResponse(problem)) => (problem.status().as_u16(), problem.code, problem.into_inner()),
        other => panic!("no refusal: {other:?}"),
    }
}

#[track_caller]
fn refused_chat(answer: Result<ResponseValue<ChatCompletion>, Error<ErrorEnvelope>>) -> ResponseValue<ErrorEnvelope> {
    match answer {
        Err(Error::ErrorResponse(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

fn account(email: &str, password: &str) -> Result<NewAccount, Failure> {
    Ok(NewAccount { email: email.try_into()?, password: password.try_into()?, invite: None })
}

pub async fn walk(base_url: &str) -> Result<(), Failure> {
    let (email, password) = ("walker@example.com", "a walk in the park");
    let anyone = Client::new(base_url);
    let signed_up = anyone.create_account(&account(email, password)?).await?;
    assert_eq!(signed_up.status(), 201);
    let (status, code, _) = refused(anyone.create_account(&account(email, password)?).await);
    assert_eq!((status, code), (409, ProblemCode::EmailTaken));
    // The client itself refuses what is too short.
    assert!(account("other@example.com", "short").is_err());
    let (status, _, problem) = refused(anyone.create_account(&account("other@example.com", "aaaaaaaaaaaa")?).await);
    assert_eq!(status, 422);
    assert_eq!(problem.errors.iter().map(|wrong| wrong.field.as_str()).collect::<Vec<_>>(), ["password"]);

    let (email, password) = (email.try_into()?, password.try_into()?);
    let session = anyone.create_session(&Credentials { email, password, with_refresh_token: Some(true) }).await?;
    let refresh_token = session.refresh_token.clone();
    assert!(refresh_token.is_some());
    let session = anyone.refresh_session(&RefreshSession { refresh_token }).await?;
    let owner = with_token(base_url, &session.access_token)?;

    let plans = anyone.list_plans().await?;
    let plan = &plans[0];
    let Quota::LimitedQuota(quota) = &plan.quota else { panic!("{:?}", plan.quota) };
    assert_eq!(quota.limit.get(), 2);

    let key = owner.create_key(None, &CreateKey { plan_name: plan.name.clone(), user: None }).await?;
    let second = owner.create_key(None, &CreateKey { plan_name: plan.name.clone(), user: None }).await;
    let (status, code, _) = refused(second);
    assert_eq!((status, code), (409, ProblemCode::KeyAlreadyExists));
    let keys = owner.list_keys(None, None).await?;
    assert_eq!((keys.len(), &keys[0].id, keys[0].state), (1, &key.id, KeyState::Active));

    let program = with_token(base_url, &key.value)?;
    let message = UserMessage { content: TextContent("hello".to_owned()).into(), role: UserMessageRole::User };
    let question = question(message)?;
    for _ in 0..quota.limit.get() {
        let answer = program.create_chat_completion(&question).await?;
        assert_eq!(answer.choices[0].message.content.as_deref(), Some("one two three"));
    }
    let spent = refused_chat(program.create_chat_completion(&question).await);
    assert_eq!((spent.status().as_u16(), spent.error.code.as_deref()), (429, Some("rate_limit_exceeded")));
    assert!(spent.headers()["retry-after"].to_str()?.parse::<u64>()? >= 1);

    let days = owner.list_usage(&key.id, None, None).await?;
    assert_eq!(days.last().map(|day| (day.used, day.refused)), Some((2, 1)));

    assert_eq!(owner.revoke_key(&key.id).await?.status(), 204);
    let refused = refused_chat(program.create_chat_completion(&question).await);
    assert_eq!((refused.status().as_u16(), refused.error.code.as_deref()), (401, Some("invalid_api_key")));
    Ok(())
}

/// Written as JSON, since most of its members are left out.
fn question(message: UserMessage) -> Result<ChatCompletionRequest, Failure> {
    Ok(serde_json::from_value(serde_json::json!({"model": "model-1", "messages": [message]}))?)
}

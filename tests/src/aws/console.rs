//! What people do in the console, behind the back of the server under test.

use serde_json::{Value, json};

use super::{
    FakeAws,
    control::in_console,
    limits::{Quota, Throttle},
    request::Request,
    server::lock,
};

impl FakeAws {
    /// Creates a key that is enabled, in a plan or in none. Gives its id.
    ///
    /// # Panics
    /// If AWS refuses it.
    pub fn console_create_key(&self, value: &str, plan: Option<&str>) -> String {
        let id = self.made("/apikeys", &json!({"name": "from the console", "value": value, "enabled": true}), "id");
        if let Some(plan) = plan {
            self.console_attach_key(&id, plan);
        }
        id
    }

    /// Puts a key into a plan.
    ///
    /// # Panics
    /// If AWS refuses it.
    pub fn console_attach_key(&self, id: &str, plan: &str) {
        self.made(&format!("/usageplans/{plan}/keys"), &json!({"keyId": id, "keyType": "API_KEY"}), "id");
    }

    /// Takes a key out of a plan.
    ///
    /// # Panics
    /// If it isn't in it.
    pub fn console_detach_key(&self, id: &str, plan: &str) {
        self.done("DELETE", &format!("/usageplans/{plan}/keys/{id}"), &Value::Null);
    }

    /// Disables a key.
    ///
    /// # Panics
    /// If there is no such key.
    pub fn console_disable_key(&self, id: &str) {
        self.set_enabled(id, false);
    }

    /// Enables a key.
    ///
    /// # Panics
    /// If there is no such key.
    pub fn console_enable_key(&self, id: &str) {
        self.set_enabled(id, true);
    }

    fn set_enabled(&self, id: &str, enabled: bool) {
        let patch = json!({"op": "replace", "path": "/enabled", "value": enabled.to_string()});
        self.done("PATCH", &format!("/apikeys/{id}"), &json!({"patchOperations": [patch]}));
    }

    /// Deletes a key.
    ///
    /// # Panics
    /// If there is no such key.
    pub fn console_delete_key(&self, id: &str) {
        self.done("DELETE", &format!("/apikeys/{id}"), &Value::Null);
    }

    /// Deletes a plan, first taking it off its stages.
    ///
    /// # Panics
    /// If there is no such plan.
    pub fn console_delete_plan(&self, id: &str) {
        assert!(lock(&self.shared.account).forget_plan(id), "no plan {id}");
    }

    /// Deletes a stage.
    ///
    /// # Panics
    /// If there is no such stage.
    pub fn console_delete_stage(&self, api: &str, stage: &str) {
        self.done("DELETE", &format!("/restapis/{api}/stages/{stage}"), &Value::Null);
    }

    /// Does anything else that the console can, as a call of the control plane that isn't counted. Gives the answer.
    ///
    /// # Panics
    /// If AWS refuses it.
    pub fn console(&self, method: &str, path: &str, body: &Value) -> Value {
        self.done(method, path, body)
    }

    /// Makes a plan for a stage and gives its id.
    ///
    /// # Panics
    /// If AWS refuses it.
    pub fn add_plan(
        &self,
        name: &str,
        quota: Option<Quota>,
        throttle: Option<Throttle>,
        api: &str,
        stage: &str,
    ) -> String {
        let mut body = json!({"name": name, "apiStages": [{"apiId": api, "stage": stage}]});
        if let Some(Quota { limit, offset, period }) = quota {
            body["quota"] = json!({"limit": limit, "offset": offset, "period": period.name()});
        }
        if let Some(Throttle { rate, burst }) = throttle {
            body["throttle"] = json!({"rateLimit": rate, "burstLimit": burst});
        }
        self.made("/usageplans", &body, "id")
    }

    /// Makes a deployed API in front of an upstream and gives its id and its stage's name: `/v1/{proxy+}`, a key
    /// required, streamed, to `{upstream}/{proxy}`; no gateway responses, so AWS's own answers.
    ///
    /// # Panics
    /// If AWS refuses the URL.
    pub fn seed_stage(&self, upstream_base_url: &str) -> (String, String) {
        let api = json!({"name": "seeded", "endpointConfiguration": {"types": ["REGIONAL"]}});
        let api = self.done("POST", "/restapis", &api);
        let path = format!("/restapis/{}", text(&api, "id"));
        let v1 =
            self.made(&format!("{path}/resources/{}", text(&api, "rootResourceId")), &json!({"pathPart": "v1"}), "id");
        let proxy = self.made(&format!("{path}/resources/{v1}"), &json!({"pathPart": "{proxy+}"}), "id");
        let method = format!("{path}/resources/{proxy}/methods/ANY");
        let required = json!({"method.request.path.proxy": true});
        let body = json!({"authorizationType": "NONE", "apiKeyRequired": true, "requestParameters": required});
        self.done("PUT", &method, &body);
        let integration = json!({
            "type": "HTTP_PROXY", "httpMethod": "ANY", "responseTransferMode": "STREAM", "timeoutInMillis": 900_000,
            "uri": format!("{}/{{proxy}}", upstream_base_url.trim_end_matches('/')),
            "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
        });
        self.done("PUT", &format!("{method}/integration"), &integration);
        self.done("POST", &format!("{path}/deployments"), &json!({"stageName": "prod"}));
        (text(&api, "id"), "prod".to_owned())
    }

    fn made(&self, path: &str, body: &Value, member: &str) -> String {
        text(&self.done("POST", path, body), member)
    }

    fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        in_console(&mut lock(&self.shared.account), Request::internal(method, path, body))
    }
}

fn text(body: &Value, member: &str) -> String {
    body[member].as_str().unwrap_or_default().to_owned()
}

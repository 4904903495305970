//! Every call of API Gateway's control plane that we make, and the permission that it takes.
//!
//! IAM knows API Gateway's control plane as HTTP methods on paths: the action is `apigateway:` and the method, the
//! resource is the path (Service Authorization Reference, "Amazon API Gateway Management"). The policies of the README
//! come from this table, and [`Control`](crate::control::Control) makes no call that isn't in it.

/// Who makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The running server.
    Server,
    /// `tollgate aws plan | apply | status | destroy`.
    Provisioner,
}

/// One operation of the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action {
    /// AWS's name for it.
    pub name: &'static str,
    /// The HTTP method, which is the IAM action after `apigateway:`.
    pub method: &'static str,
    /// The paths, as the resource part of an ARN; `*` stands for ids.
    pub paths: &'static [&'static str],
    /// Whether the running server makes it.
    pub server: bool,
    /// Whether the provisioner makes it.
    pub provisioner: bool,
}

impl Action {
    /// Whether this role makes the call.
    #[must_use]
    pub fn is_of(&self, role: Role) -> bool {
        match role {
            Role::Server => self.server,
            Role::Provisioner => self.provisioner,
        }
    }

    /// Whether the call makes something, and made twice makes it twice or fails: other PUTs overwrite.
    #[must_use]
    pub fn creates(&self) -> bool {
        self.method == "POST" || [PUT_METHOD, PUT_METHOD_RESPONSE].contains(self)
    }
}

macro_rules! actions {
    ($($constant:ident $name:literal $method:literal $paths:expr, $($role:ident)+;)*) => {
        $(
            #[doc = concat!("`", $name, "`.")]
            pub const $constant: Action = Action {
                name: $name, method: $method, paths: &$paths, ..actions!(@roles $($role)+)
            };
        )*
        /// All of them.
        pub const ALL: &[Action] = &[$($constant),*];
    };
    (@roles server) => { Action { server: true, ..NOBODY } };
    (@roles provisioner) => { Action { provisioner: true, ..NOBODY } };
    (@roles server provisioner) => { Action { server: true, provisioner: true, ..NOBODY } };
}

const NOBODY: Action = Action { name: "", method: "", paths: &[], server: false, provisioner: false };

actions! {
    GET_USAGE_PLANS "GetUsagePlans" "GET" ["/usageplans"], server provisioner;
    CREATE_API_KEY "CreateApiKey" "POST" ["/apikeys"], server provisioner;
    GET_API_KEYS "GetApiKeys" "GET" ["/apikeys"], server provisioner;
    GET_API_KEY "GetApiKey" "GET" ["/apikeys/*"], server provisioner;
    UPDATE_API_KEY "UpdateApiKey" "PATCH" ["/apikeys/*"], server;
    DELETE_API_KEY "DeleteApiKey" "DELETE" ["/apikeys/*"], server provisioner;
    CREATE_USAGE_PLAN_KEY "CreateUsagePlanKey" "POST" ["/usageplans/*/keys"], server provisioner;
    GET_USAGE "GetUsage" "GET" ["/usageplans/*/usage"], server;
    UPDATE_USAGE "UpdateUsage" "PATCH" ["/usageplans/*/keys/*/usage"], server;
    GET_REST_APIS "GetRestApis" "GET" ["/restapis"], provisioner;
    GET_REST_API "GetRestApi" "GET" ["/restapis/*"], provisioner;
    CREATE_REST_API "CreateRestApi" "POST" ["/restapis"], provisioner;
    UPDATE_REST_API "UpdateRestApi" "PATCH" ["/restapis/*"], provisioner;
    DELETE_REST_API "DeleteRestApi" "DELETE" ["/restapis/*"], provisioner;
    GET_RESOURCES "GetResources" "GET" ["/restapis/*/resources"], provisioner;
    CREATE_RESOURCE "CreateResource" "POST" ["/restapis/*/resources/*"], provisioner;
    DELETE_RESOURCE "DeleteResource" "DELETE" ["/restapis/*/resources/*"], provisioner;
    GET_METHOD "GetMethod" "GET" ["/restapis/*/resources/*/methods/*"], provisioner;
    PUT_METHOD "PutMethod" "PUT" ["/restapis/*/resources/*/methods/*"], provisioner;
    UPDATE_METHOD "UpdateMethod" "PATCH" ["/restapis/*/resources/*/methods/*"], provisioner;
    DELETE_METHOD "DeleteMethod" "DELETE" ["/restapis/*/resources/*/methods/*"], provisioner;
    PUT_METHOD_RESPONSE "PutMethodResponse" "PUT" ["/restapis/*/resources/*/methods/*/responses/*"], provisioner;
    DELETE_METHOD_RESPONSE "DeleteMethodResponse" "DELETE" ["/restapis/*/resources/*/methods/*/responses/*"], provisioner;
    PUT_INTEGRATION "PutIntegration" "PUT" ["/restapis/*/resources/*/methods/*/integration"], provisioner;
    PUT_INTEGRATION_RESPONSE "PutIntegrationResponse" "PUT"
        ["/restapis/*/resources/*/methods/*/integration/responses/*"], provisioner;
    GET_GATEWAY_RESPONSES "GetGatewayResponses" "GET" ["/restapis/*/gatewayresponses"], provisioner;
    PUT_GATEWAY_RESPONSE "PutGatewayResponse" "PUT" ["/restapis/*/gatewayresponses/*"], provisioner;
    DELETE_GATEWAY_RESPONSE "DeleteGatewayResponse" "DELETE" ["/restapis/*/gatewayresponses/*"], provisioner;
    GET_DEPLOYMENTS "GetDeployments" "GET" ["/restapis/*/deployments"], provisioner;
    CREATE_DEPLOYMENT "CreateDeployment" "POST" ["/restapis/*/deployments"], provisioner;
    DELETE_DEPLOYMENT "DeleteDeployment" "DELETE" ["/restapis/*/deployments/*"], provisioner;
    GET_STAGES "GetStages" "GET" ["/restapis/*/stages"], provisioner;
    CREATE_STAGE "CreateStage" "POST" ["/restapis/*/stages"], provisioner;
    UPDATE_STAGE "UpdateStage" "PATCH" ["/restapis/*/stages/*"], provisioner;
    DELETE_STAGE "DeleteStage" "DELETE" ["/restapis/*/stages/*"], provisioner;
    GET_STAGE "GetStage" "GET" ["/restapis/*/stages/*"], server;
    GET_USAGE_PLAN "GetUsagePlan" "GET" ["/usageplans/*"], provisioner;
    CREATE_USAGE_PLAN "CreateUsagePlan" "POST" ["/usageplans"], provisioner;
    UPDATE_USAGE_PLAN "UpdateUsagePlan" "PATCH" ["/usageplans/*"], server provisioner;
    DELETE_USAGE_PLAN "DeleteUsagePlan" "DELETE" ["/usageplans/*"], provisioner;
    GET_USAGE_PLAN_KEYS "GetUsagePlanKeys" "GET" ["/usageplans/*/keys"], provisioner;
    DELETE_USAGE_PLAN_KEY "DeleteUsagePlanKey" "DELETE" ["/usageplans/*/keys/*"], provisioner;
    // No calls of their own: what creating something with tags takes beside its own permission. The Service
    // Authorization Reference has the resource `/tags/${UrlEncodedResourceARN}` under both methods; `apigateway:PUT` on
    // it is what AWS's refusals name for REST APIs (github.com/mattclay/aws-terminator, pull request 284), and
    // `apigateway:POST` for creation with tags (cloudformation-coverage-roadmap, issue 997).
    TAG_ON_CREATE "TagResource" "PUT" ["/tags/*"], server provisioner;
    TAG_WITH_CREATE "TagResource, on creation" "POST" ["/tags/*"], server provisioner;
}

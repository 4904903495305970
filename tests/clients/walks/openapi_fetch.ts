// What a program does with the client that openapi-typescript and openapi-fetch make, from sign-up to revocation.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./client/schema.js";

const baseUrl = process.env.TOLLGATE_URL ?? "http://127.0.0.1:8000";
const [email, password] = ["walker@example.com", "a walk in the park"];

// Whole answers and problems only: not the streams, which are text/event-stream.
const tollgate = createClient<paths, `application/${string}`>({ baseUrl });

const signUp = await tollgate.POST("/accounts", { body: { email, password } });
assert.equal(signUp.response.status, 201);
const again = await tollgate.POST("/accounts", { body: { email, password } });
assert.deepEqual([again.response.status, again.error?.code], [409, "email_taken"]);
const tooShort = await tollgate.POST("/accounts", { body: { email: "other@example.com", password: "short" } });
assert.equal(tooShort.response.status, 422);
assert.deepEqual(tooShort.error?.errors?.map((wrong) => wrong.field), ["password"]);

let { data: session } = await tollgate.POST("/sessions", { body: { email, password, with_refresh_token: true } });
assert(session);
const { refresh_token } = session;
({ data: session } = await tollgate.POST("/sessions/refresh", { body: { refresh_token } }));
assert(session);
const headers = { authorization: `Bearer ${session.access_token}` };

const { data: plans } = await tollgate.GET("/plans");
const plan = plans?.[0];
assert(plan && "limit" in plan.quota);
assert.equal(plan.quota.limit, 2);

const { data: key, error } = await tollgate.POST("/create_key", { headers, body: { plan_name: plan.name } });
if (!key) throw new Error(error.detail);
const second = await tollgate.POST("/create_key", { headers, body: { plan_name: plan.name } });
assert.deepEqual([second.response.status, second.error?.code], [409, "key_already_exists"]);
const { data: keys } = await tollgate.GET("/keys", { headers });
assert.deepEqual(keys?.map(({ id, plan_name, state }) => [id, plan_name, state]), [[key.id, plan.name, "active"]]);

const ask = () => tollgate.POST("/v1/chat/completions", {
  headers: { authorization: `Bearer ${key.value}` },
  body: { model: "model-1", messages: [{ role: "user", content: "hello" }] },
});
for (let asked = 0; asked < plan.quota.limit; asked++) {
  const { data: answer } = await ask();
  assert.equal(answer?.choices[0]?.message.content, "one two three");
}
const spent = await ask();
assert.deepEqual([spent.response.status, spent.error?.error.code], [429, "rate_limit_exceeded"]);
assert(Number(spent.response.headers.get("retry-after")) >= 1);

const { data: days } = await tollgate.GET("/keys/{id}/usage", { headers, params: { path: { id: key.id } } });
const today = days?.at(-1);
assert.deepEqual([today?.used, today?.refused], [2, 1]);

const revoked = await tollgate.DELETE("/keys/{id}", { headers, params: { path: { id: key.id } } });
assert.equal(revoked.response.status, 204);
const refused = await ask();
assert.deepEqual([refused.response.status, refused.error?.error.code], [401, "invalid_api_key"]);

// Asks through OpenAI's SDK for Node. Server and key come by its own variables, OPENAI_BASE_URL and OPENAI_API_KEY.
import OpenAI from 'openai';
import { makeRequests, say } from './say.mjs';

const client = new OpenAI();
const request = { model: 'model-1', messages: [{ role: 'user', content: 'hello' }] };

await makeRequests({
  async ask() {
    const answer = await client.chat.completions.create(request);
    return answer.choices[0].message.content;
  },
  async stream() {
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
      const piece = chunk.choices[0]?.delta?.content;
      if (piece) {
        text += piece;
        say({ piece });
      }
    }
    return text;
  },
  async retrieve() {
    return (await client.models.retrieve('meta/llama:3')).id;
  },
  async retrieve_unknown() {
    return (await client.models.retrieve('nothing')).id;
  },
});

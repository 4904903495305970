// Asks through LangChain's ChatOpenAI. It hands OPENAI_API_KEY and the base URL to OpenAI's SDK, and retries by itself.
import { ChatOpenAI } from '@langchain/openai';
import { makeRequests, say } from './say.mjs';

const model = new ChatOpenAI({ model: 'model-1', configuration: { baseURL: process.env.OPENAI_BASE_URL } });

await makeRequests({
  async ask() {
    const answer = await model.invoke('hello');
    return answer.text;
  },
  async stream() {
    let text = '';
    for await (const chunk of await model.stream('hello')) {
      if (chunk.text) {
        text += chunk.text;
        say({ piece: chunk.text });
      }
    }
    return text;
  },
});

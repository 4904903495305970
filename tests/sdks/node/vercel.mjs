// Asks through Vercel's AI SDK and its provider for servers compatible with OpenAI. MAX_RETRIES, where set, takes the
// place of its default.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, streamText } from 'ai';
import { described, makeRequests, say } from './say.mjs';

const provider = createOpenAICompatible({
  name: 'tollgate',
  baseURL: process.env.OPENAI_BASE_URL,
  apiKey: process.env.OPENAI_API_KEY,
});
const retries = process.env.MAX_RETRIES ? { maxRetries: Number(process.env.MAX_RETRIES) } : {};
const request = { model: provider('model-1'), prompt: 'hello', ...retries };

await makeRequests({
  async ask() {
    const answer = await generateText(request);
    return answer.text;
  },
  // It never throws: what goes wrong is a part of the stream, and an event.
  async stream() {
    let text = '';
    let failure;
    const answer = streamText({ ...request, onError: ({ error }) => say({ event: described(error) }) });
    for await (const part of answer.fullStream) {
      if (part.type === 'text-delta') {
        text += part.text;
        say({ piece: part.text });
      } else if (part.type === 'error') {
        failure = part.error;
      } else if (part.type === 'finish') {
        say({ finish: part.finishReason });
      }
    }
    if (failure) {
      throw failure;
    }
    return text;
  },
});

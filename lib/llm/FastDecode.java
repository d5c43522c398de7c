package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Samples a whole batch in one engine call: prefill, then token after token, as a TorchScript method, {@link #SOURCE}. It computes the same
 * as {@link Decoder} and plain operations, without a call from Java for each operation. It supports neither adapters nor top-k or top-p.
 *
 * <p>On a CPU, what a row gets does not depend on the other rows, to the last bit, if the longest prompt and the longest
 * completion together have at most 144 tokens, and the engine has one or two threads, or the widths of the model (hidden,
 * feed-forward, one head) are multiples of 16. This holds in fp32 and bf16, for each set of kernels that the engine has
 * (AVX-512, AVX2, plain; {@code RowsApartTest} runs all that the processor has), but numbers of two sets, two kinds of
 * processor or two numbers of threads differ in the last bits. Longer rows differ by rounding, log-probabilities by some 1e-6:
 * attention multiplies matrices there, whose sums the engine cuts in pieces by how long the longest row is.
 *
 * <p>What it takes: A row's keys are laid out from its own prompt outwards: the prompt begins at slot N, the first sampled
 * token is at N - 1, the next at N - 2, so that a longer prompt elsewhere only adds masked slots at the end. Rows, prompts
 * and slots are padded to multiples of {@link #LANES}, because a block of rows or a vector of numbers is rounded differently
 * if it is not full. If there are several threads, slots are added until attention's buffer for each, H/K (slots + 2 + D)
 * numbers, begins where a vector may. Threads share whole rows of what the engine rounds by vectors. And the uniform numbers
 * are given, one per row and position.
 */
public final class FastDecode {

    /** Numbers of 32 bits in the widest vector of any processor, AVX-512's. */
    private static final int LANES = 16;

    /**
     * R rows (completions), N new tokens at most, P prompts of T tokens, V tokens in the vocabulary; letters as in
     * {@link Decoder}. The weights w are the embedding {@code [V, C]}, final gain {@code [C]}, output {@code [V, C]}, then
     * nine of each layer, empty where a family has none.
     */
    private static final String SOURCE = """
              def norm(self, x: Tensor, gain: Tensor, eps: float) -> Tensor:
                y = x.to(6)
                y = y * torch.rsqrt(torch.mean(y * y, [-1], True) + eps)
                return y.to(x.dtype) * gain
              def linear(self, x: Tensor, w: Tensor, bias: Tensor) -> Tensor:
                if bias.numel() > 0:
                  y = torch.linear(x, w, bias)
                else:
                  y = torch.linear(x, w)
                return y
              # x [n, C], n tokens; cos and sin [n, 1, D]. Prefill has n = P * T and the prompt of each row, source [R];
              # a decode step has n = R, no source, and a mask [R, 1, 1, slots] from this slot on.
              def hidden(self, w: List[Tensor], sizes: List[int], eps: float, tokens: Tensor, time: int, cos: Tensor,
                  sin: Tensor, keys: List[Tensor], values: List[Tensor], slot: int, mask: Tensor, source: Tensor) -> Tensor:
                heads, kv, dim = sizes[0], sizes[1], sizes[2]
                n = tokens.numel()
                batch = n // time
                x = torch.embedding(w[0], tokens)
                for i in range(len(keys)):
                  l = w[3 + 9 * i : 12 + 9 * i]
                  qkv = self.linear(self.norm(x, l[0], eps), l[1], l[2]).view([n, heads + 2 * kv, dim])
                  qk = qkv[:, : heads + kv]
                  if l[3].numel() > 0:
                    qk = torch.cat([self.norm(qk[:, :heads], l[3], eps), self.norm(qk[:, heads:], l[4], eps)], 1)
                  qk = qk * cos + torch.roll(qk, [dim // 2], [2]) * sin
                  q, k, v = qk[:, :heads], qk[:, heads:], qkv[:, heads + kv :]
                  if time > 1:
                    q1 = q.view([batch, time, heads, dim]).transpose(1, 2)
                    k1 = k.view([batch, time, kv, dim]).transpose(1, 2)
                    v1 = v.view([batch, time, kv, dim]).transpose(1, 2)
                    torch.copy_(torch.narrow(keys[i], 2, slot, time), torch.index_select(k1, 0, source))
                    torch.copy_(torch.narrow(values[i], 2, slot, time), torch.index_select(v1, 0, source))
                    if heads > kv:
                      k1 = torch.repeat_interleave(k1, heads // kv, 1)
                      v1 = torch.repeat_interleave(v1, heads // kv, 1)
                    mixed = torch.scaled_dot_product_attention(q1, k1, v1, None, 0., True).transpose(1, 2)
                  else:
                    torch.copy_(torch.select(keys[i], 2, slot), k)
                    torch.copy_(torch.select(values[i], 2, slot), v)
                    end = keys[i].size(2)
                    begin = end - mask.size(3)
                    mixed = torch.scaled_dot_product_attention(q.view([n, kv, heads // kv, dim]), keys[i][:, :, begin:end],
                        values[i][:, :, begin:end], mask)
                  x = x + torch.linear(mixed.reshape([n, heads * dim]), l[5])
                  gate, up = torch.chunk(torch.linear(self.norm(x, l[6], eps), l[7]), 2, 1)
                  if sizes[4] > 2: # so many rows at a time that two threads share the work
                    piece = 2 * max(1, 32768 // gate.size(1))
                    for begin in range(0, n, piece):
                      torch.silu_(gate[begin : begin + piece])
                  else:
                    gate = torch.silu(gate)
                  x = x + torch.linear(gate * up, l[8])
                return self.norm(x, w[1], eps)
              # prompts [P, T]; index of the last token of each among P * T, padded; of each row: its prompt, length of
              # that, most new tokens; uniform [R, N]; ends [E]. Returns tokens and log-probabilities, [N, R].
              def sample(self, w: List[Tensor], sizes: List[int], eps: float, temperature: float, prompts: Tensor,
                  last: Tensor, source: Tensor, lengths: Tensor, room: Tensor, uniform: Tensor, ends: Tensor,
                  cos: Tensor, sin: Tensor) -> Tuple[Tensor, Tensor]:
                rows, steps, time = uniform.size(0), uniform.size(1), prompts.size(1)
                slots = LANES * ((steps + LANES - 1) // LANES)
                width = slots + time
                if sizes[4] > 1: # threads; the slots added are never used: they align attention's buffers
                  while sizes[0] // sizes[1] * (width + 2 + sizes[2]) % LANES != 0:
                    width = width + 1
                cos = cos.to(w[0].dtype).unsqueeze(1)
                sin = sin.to(w[0].dtype).unsqueeze(1)
                keys = annotate(List[Tensor], [])
                values = annotate(List[Tensor], [])
                for i in range(sizes[3]):
                  keys.append(w[0].new_zeros([rows, sizes[1], width, sizes[2]]))
                  values.append(w[0].new_zeros([rows, sizes[1], width, sizes[2]]))
                mask = w[0].new_full([rows, width], -inf)
                padding = torch.ge(torch.arange(time, device=lengths.device), lengths.unsqueeze(1))
                mask[:, slots : slots + time] = w[0].new_zeros([rows, time]).masked_fill(padding, -inf)
                mask = mask.view([rows, 1, 1, width])
                x = self.hidden(w, sizes, eps, prompts.view([-1]), time, cos[:time].repeat([prompts.size(0), 1, 1]),
                    sin[:time].repeat([prompts.size(0), 1, 1]), keys, values, slots, mask, source)
                logits = torch.linear(torch.index_select(x, 0, last), w[2]).to(6)
                logits = torch.index_select(logits, 0, source)
                origin = torch.arange(rows, device=lengths.device)
                tokens = lengths.new_zeros([steps, rows])
                chosen = uniform.new_zeros([steps, rows])
                done = torch.le(room, 0)
                t = 0
                active = rows
                while active > 0:
                  if temperature != 0. and temperature != 1.:
                    logits = logits / temperature
                  logp = torch.log_softmax(logits, 1)
                  if temperature == 0.:
                    token = torch.argmax(logp, 1, True)
                  else: # the first token at which the distribution function exceeds a uniform number
                    cumulative = torch.cumsum(torch.exp(logp), 1)
                    threshold = cumulative[:, -1:] * uniform[:, t : t + 1]
                    token = torch.clamp_max(torch.searchsorted(cumulative, threshold, right=True), logp.size(1) - 1)
                  tokens[t].index_copy_(0, origin, token.squeeze(1))
                  chosen[t].index_copy_(0, origin, torch.gather(logp, 1, token).squeeze(1))
                  t = t + 1
                  done = done | torch.any(torch.eq(token, ends), 1) | torch.le(room, t)
                  active = done.size(0) - int(torch.sum(done))
                  if active > 0:
                    kept = LANES * ((active + LANES - 1) // LANES)
                    if kept * 5 < done.size(0) * 4: # moving the cache costs about a step
                      keep = torch.argsort(done, stable=True)[:kept]
                      origin, token, done = origin[keep], token[keep], done[keep]
                      room, lengths, uniform, mask = room[keep], lengths[keep], uniform[keep], mask[keep]
                      for i in range(len(keys)):
                        keys[i] = torch.index_select(keys[i], 0, keep)
                        values[i] = torch.index_select(values[i], 0, keep)
                    position = lengths + (t - 1)
                    slot = slots - t
                    mask[:, :, :, slot] = 0.
                    x = self.hidden(w, sizes, eps, token.squeeze(1), 1, cos[position], sin[position], keys, values, slot,
                        mask[:, :, :, LANES * (slot // LANES) :], source)
                    logits = torch.linear(x, w[2]).to(6)
                return (tokens, chosen)
            """.replace("LANES", Integer.toString(LANES));

    private final ModelConfig config;
    private final PtSymbolBlock script;

    /** The script on the manager's device; it lives as long as the manager. */
    FastDecode(ModelConfig config, NDManager manager) {
        this.config = config;
        script = TorchScript.load("FastDecode", SOURCE, manager);
    }

    /**
     * The sampled tokens; values after the end of a row are undefined.
     *
     * @param tokens {@code [N, R]}
     * @param logProbs of these tokens {@code [N, R]}
     */
    public record Drawn(long[] tokens, float[] logProbs) {}

    /**
     * Samples a row for each entry of {@code source}. Rows beyond it pad the last block.
     *
     * @param prompts different prompts
     * @param source the prompt of each row
     * @param room the most new tokens of each row
     * @param uniform numbers in [0, 1), a row of at least {@code room} each
     * @param temperature 0 for greedy
     */
    public Drawn sample(Weights weights, List<int[]> prompts, int[] source, int[] room, float[][] uniform, double temperature) {
        NDManager manager = weights.embedding().getManager();
        int rows = padded(source.length);
        int time = padded(prompts.stream().mapToInt(p -> p.length).max().orElseThrow());
        int steps = Arrays.stream(room).max().orElseThrow();
        long[] tokens = new long[prompts.size() * time];
        long[] last = new long[padded(prompts.size())];
        for (int i = 0; i < prompts.size(); i++) {
            int[] prompt = prompts.get(i);
            for (int j = 0; j < prompt.length; j++) {
                tokens[i * time + j] = prompt[j];
            }
            last[i] = (long) i * time + prompt.length - 1;
        }
        long[] sources = new long[rows];
        long[] lengths = new long[rows];
        long[] rooms = new long[rows];
        float[] numbers = new float[rows * steps];
        for (int i = 0; i < source.length; i++) {
            sources[i] = source[i];
            rooms[i] = room[i];
            System.arraycopy(uniform[i], 0, numbers, i * steps, room[i]);
        }
        for (int i = 0; i < rows; i++) {
            lengths[i] = prompts.get((int) sources[i]).length;
        }
        Drawn[] drawn = new Drawn[1];
        Scopes.run(() -> {
            Rotary rotary = Rotary.table(config, time + steps, manager);
            long[] ends = config.eosTokens().isEmpty() ? new long[] {-1} : config.eosTokens().stream().mapToLong(t -> t).toArray();
            NDArray[] given = {manager.create(tokens, new Shape(prompts.size(), time)), manager.create(last), manager.create(sources),
                manager.create(lengths), manager.create(rooms), manager.create(numbers, new Shape(rows, steps)), manager.create(ends),
                rotary.cos(), rotary.sin()};
            List<IValue> arguments = new ArrayList<>(List.of(IValue.listFrom(arrays(weights, manager)),
                    IValue.listFrom(config.heads(), config.kvHeads(), config.headDim(), (long) config.layers(),
                            JniUtils.getNumThreads()),
                    IValue.from(config.rmsNormEps()), IValue.from(temperature)));
            Stream.of(given).map(array -> IValue.from((PtNDArray) array)).forEach(arguments::add);
            try (IValue result = IValueUtils.runMethod(script, "sample", arguments.toArray(new IValue[0]))) {
                var both = result.toNDList((PtNDManager) manager);
                drawn[0] = new Drawn(both.get(0).toLongArray(), both.get(1).toFloatArray());
                both.forEach(NDArray::close);
            } finally {
                arguments.forEach(IValue::close);
            }
        });
        return drawn[0];
    }

    /** How many columns {@link Drawn} has for so many rows. */
    public static int padded(int count) {
        return (count + LANES - 1) / LANES * LANES;
    }

    private static PtNDArray[] arrays(Weights weights, NDManager manager) {
        NDArray none = manager.create(new Shape(0));
        List<NDArray> all = new ArrayList<>(List.of(weights.embedding(), weights.finalNorm(), weights.output()));
        weights.layers().forEach(l -> Stream.of(l.attentionNorm(), l.qkv(), l.qkvBias(), l.queryNorm(), l.keyNorm(), l.attentionOut(),
                l.feedForwardNorm(), l.gateUp(), l.down()).forEach(array -> all.add(array == null ? none : array)));
        return all.toArray(new PtNDArray[0]);
    }
}

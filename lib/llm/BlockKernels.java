package llm;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Forward and hand-written backward passes of a decoder block and of token log-probabilities, in a page of
 * TorchScript, {@link #SOURCE}: what {@link Backpropagation} is made of. Letters as in {@link Decoder}; M tokens lie one after another.
 *
 * <p>The rules are those of PyTorch's autocast: products of matrices and attention in the precision of the policy, residual stream,
 * norms, softmax and loss in fp32. In fp32, products are oneDNN's where the engine has it, forward and backward: on processors that
 * are not Intel's it is about twice as fast as MKL, which {@code linear} calls.
 */
final class BlockKernels {

    /**
     * {@code CODE} is PyTorch's number of the precision; TIMES, BACK, OUTER and PLUS are x W^T, y W, y^T x and x W^T + z.
     *
     * <p>The weights w of a block are the nine of {@link Weights.Layer}, empty where a family has none; gw are their gradients, empty
     * where they do not learn. a and b are its adapters in the order of {@link Lora#PROJECTIONS}, ga and gb their gradients. What a
     * block keeps is its input, its projections before rotation, what attention gave and the logarithms of its sums, the input of the
     * feed-forward layer and that layer's projections.
     */
    private static final String SOURCE = """
              def times(self, x: Tensor, w: Tensor) -> Tensor:
                return TIMES
              def back(self, y: Tensor, w: Tensor) -> Tensor:
                return BACK
              def outer(self, y: Tensor, x: Tensor) -> Tensor:
                return OUTER
              # x W^T + z, in 16 bits rounded once: beside a product that is rounded already, most of what small adapters add would vanish
              def plus(self, x: Tensor, w: Tensor, z: Tensor) -> Tensor:
                return PLUS
              def norm(self, x: Tensor, gain: Tensor, eps: float) -> Tensor:
                y = x.to(6)
                return torch.mul_(y * torch.rsqrt(torch.mean(y * y, [-1], True) + eps), gain.to(6))
              def norm_back(self, d: Tensor, x: Tensor, gain: Tensor, ggain: Tensor, eps: float) -> Tensor:
                y = x.to(6)
                r = torch.rsqrt(torch.mean(y * y, [-1], True) + eps)
                y = y * r
                if ggain.numel() > 0:
                  torch.add_(ggain, torch.sum((d * y).view([-1, ggain.size(0)]), [0]))
                g = d * gain.to(6)
                return torch.mul_(torch.sub_(g, y * torch.mean(g * y, [-1], True)), r)
              # adapters side by side: A [k r, in], and alpha / r B as a block diagonal [out, k r]; empty if there is none
              def joined(self, a: List[Tensor], b: List[Tensor], widths: List[int], scale: float) -> Tuple[Tensor, Tensor]:
                rows = annotate(List[Tensor], [])
                out = 0
                for i in range(len(a)):
                  out = out + widths[i]
                  if a[i].numel() > 0:
                    rows.append(a[i])
                if len(rows) == 0:
                  return (torch.empty([0], dtype=6), torch.empty([0], dtype=6))
                left = torch.cat(rows, 0)
                right = torch.zeros([out, left.size(0)], dtype=6)
                o, k = 0, 0
                for i in range(len(a)):
                  if a[i].numel() > 0:
                    rank = a[i].size(0)
                    torch.copy_(right[o : o + widths[i], k : k + rank], b[i] * scale)
                    k = k + rank
                  o = o + widths[i]
                return (left.to(CODE), right.to(CODE))
              def project(self, x: Tensor, w: Tensor, bias: Tensor, a: List[Tensor], b: List[Tensor], widths: List[int],
                  scale: float) -> Tensor:
                left, right = self.joined(a, b, widths, scale)
                if left.numel() == 0:
                  y = self.times(x, w.to(CODE))
                elif CODE == 6:
                  y = torch.addmm_(self.times(x, w), self.times(x, left), right.t())
                else:
                  y = self.plus(x, w.to(CODE), self.times(self.times(x, left), right))
                if bias.numel() > 0:
                  y = torch.add_(y, bias.to(CODE))
                return y
              # the gradient by x; those of weights and adapters are added to gw, gbias, ga and gb
              def project_back(self, d: Tensor, x: Tensor, w: Tensor, gw: Tensor, gbias: Tensor, a: List[Tensor], b: List[Tensor],
                  ga: List[Tensor], gb: List[Tensor], widths: List[int], scale: float) -> Tensor:
                if gw.numel() > 0:
                  torch.add_(gw, self.outer(d, x))
                if gbias.numel() > 0:
                  torch.add_(gbias, torch.sum(d, [0], dtype=6))
                left, right = self.joined(a, b, widths, scale)
                if left.numel() == 0:
                  dx = self.back(d, w.to(CODE))
                else:
                  h = self.times(x, left)
                  dh = self.back(d, right)
                  if CODE == 6:
                    dx = torch.addmm_(self.back(d, w), dh, left)
                  else:
                    dx = self.plus(d, w.to(CODE).t(), self.back(dh, left))
                  da = self.outer(dh, x)
                  db = self.outer(d, h)
                  o, k = 0, 0
                  for i in range(len(a)):
                    if a[i].numel() > 0:
                      rank = a[i].size(0)
                      torch.add_(ga[i], da[k : k + rank])
                      torch.add_(gb[i], db[o : o + widths[i], k : k + rank], alpha=scale)
                      k = k + rank
                    o = o + widths[i]
                return dx
              # queries [M, H, D] and keys [M, K, D], normed and rotated, of raw [M, H + 2K, D]
              def turned(self, raw: Tensor, w: List[Tensor], cos: Tensor, sin: Tensor, heads: int, kv: int, eps: float) -> Tensor:
                qk = raw[:, : heads + kv]
                if w[3].numel() > 0:
                  qk = torch.cat([self.norm(qk[:, :heads], w[3], eps), self.norm(qk[:, heads:], w[4], eps)], 1)
                qk = qk.to(6)
                return torch.add_(torch.roll(qk, [qk.size(2) // 2], [2]) * sin, qk * cos).to(CODE)
              # A row of seg: where its shared beginning lies and how long that is, where n branches of l tokens lie, n, l.
              # Returns [M, H, D] and the logarithms of the sums [M, H].
              def attend(self, q: Tensor, k: Tensor, v: Tensor, seg: List[int]) -> Tuple[Tensor, Tensor]:
                m, heads, dim = q.size(0), q.size(1), q.size(2)
                out = torch.empty_like(q)
                lse = torch.empty([m, heads], dtype=6)
                for s in range(len(seg) // 5):
                  p0, p, b0, n, l = seg[5 * s], seg[5 * s + 1], seg[5 * s + 2], seg[5 * s + 3], seg[5 * s + 4]
                  end = b0 + n * l
                  o1, l1 = torch._scaled_dot_product_flash_attention_for_cpu(q[b0:end].view([n, l, heads, dim]).transpose(1, 2),
                      k[b0:end].view([n, l, heads, dim]).transpose(1, 2), v[b0:end].view([n, l, heads, dim]).transpose(1, 2), 0., True)
                  y = o1.transpose(1, 2).reshape([n * l, heads, dim])
                  t = l1.transpose(1, 2).reshape([n * l, heads])
                  if p > 0:
                    o2, l2 = torch._scaled_dot_product_flash_attention_for_cpu(q[b0:end].transpose(0, 1).unsqueeze(0),
                        k[p0 : p0 + p].transpose(0, 1).unsqueeze(0), v[p0 : p0 + p].transpose(0, 1).unsqueeze(0), 0., False)
                    shared = l2.squeeze(0).t()
                    own = t
                    t = torch.logaddexp(own, shared)
                    y = y * torch.exp(own - t).unsqueeze(2) + o2.squeeze(0).transpose(0, 1) * torch.exp(shared - t).unsqueeze(2)
                  torch.copy_(out[b0:end], y)
                  torch.copy_(lse[b0:end], t)
                return (out, lse)
              # gradients by q, k and v [M, H, D], computed in fp32, which is several times as fast as the engine's kernel in bf16
              def attend_back(self, d: Tensor, q: Tensor, k: Tensor, v: Tensor, out: Tensor, lse: Tensor,
                  seg: List[int]) -> Tuple[Tensor, Tensor, Tensor]:
                heads, dim = q.size(1), q.size(2)
                d, q, k, v, out = d.to(6), q.to(6), k.to(6), v.to(6), out.to(6)
                dq = torch.zeros(q.size(), dtype=6)
                dk = torch.zeros(q.size(), dtype=6)
                dv = torch.zeros(q.size(), dtype=6)
                for s in range(len(seg) // 5):
                  p0, p, b0, n, l = seg[5 * s], seg[5 * s + 1], seg[5 * s + 2], seg[5 * s + 3], seg[5 * s + 4]
                  end = b0 + n * l
                  shape = [n, l, heads, dim]
                  d1, d2, d3 = torch._scaled_dot_product_flash_attention_for_cpu_backward(d[b0:end].view(shape).transpose(1, 2),
                      q[b0:end].view(shape).transpose(1, 2), k[b0:end].view(shape).transpose(1, 2), v[b0:end].view(shape).transpose(1, 2),
                      out[b0:end].view(shape).transpose(1, 2), lse[b0:end].view([n, l, heads]).transpose(1, 2), 0., True)
                  torch.add_(dq[b0:end].view(shape), d1.transpose(1, 2))
                  torch.add_(dk[b0:end].view(shape), d2.transpose(1, 2))
                  torch.add_(dv[b0:end].view(shape), d3.transpose(1, 2))
                  if p > 0:
                    d1, d2, d3 = torch._scaled_dot_product_flash_attention_for_cpu_backward(d[b0:end].transpose(0, 1).unsqueeze(0),
                        q[b0:end].transpose(0, 1).unsqueeze(0), k[p0 : p0 + p].transpose(0, 1).unsqueeze(0),
                        v[p0 : p0 + p].transpose(0, 1).unsqueeze(0), out[b0:end].transpose(0, 1).unsqueeze(0),
                        lse[b0:end].t().unsqueeze(0), 0., False)
                    torch.add_(dq[b0:end], d1.squeeze(0).transpose(0, 1))
                    torch.add_(dk[p0 : p0 + p], d2.squeeze(0).transpose(0, 1))
                    torch.add_(dv[p0 : p0 + p], d3.squeeze(0).transpose(0, 1))
                return (dq, dk, dv)
              # sizes: H, K, D, feed-forward width. Returns the output, then what it keeps.
              def block(self, x: Tensor, w: List[Tensor], a: List[Tensor], b: List[Tensor], cos: Tensor, sin: Tensor, seg: List[int],
                  sizes: List[int], eps: float, scale: float) -> List[Tensor]:
                heads, kv, dim, wide = sizes[0], sizes[1], sizes[2], sizes[3]
                m, group = x.size(0), heads // kv
                none = torch.empty([0])
                raw = self.project(self.norm(x, w[0], eps).to(CODE), w[1], w[2], a[0:3], b[0:3], [heads * dim, kv * dim, kv * dim],
                    scale).view([m, heads + 2 * kv, dim])
                qk = self.turned(raw, w, cos, sin, heads, kv, eps)
                mixed, lse = self.attend(qk[:, :heads], torch.repeat_interleave(qk[:, heads:], group, 1),
                    torch.repeat_interleave(raw[:, heads + kv :], group, 1), seg)
                y = x + self.project(mixed.view([m, heads * dim]), w[5], none, a[3:4], b[3:4], [w[5].size(0)], scale)
                both = self.project(self.norm(y, w[6], eps).to(CODE), w[7], none, a[4:6], b[4:6], [wide, wide], scale)
                product = torch.mul_(torch.silu(both[:, :wide]), both[:, wide:])
                z = y + self.project(product, w[8], none, a[6:7], b[6:7], [w[8].size(0)], scale)
                return [z, x, raw, mixed, lse, y, both]
              # the gradient by the input of a block from that by its output, both fp32
              def block_back(self, d: Tensor, kept: List[Tensor], w: List[Tensor], gw: List[Tensor], a: List[Tensor], b: List[Tensor],
                  ga: List[Tensor], gb: List[Tensor], cos: Tensor, sin: Tensor, seg: List[int], sizes: List[int], eps: float,
                  scale: float) -> Tensor:
                x, raw, mixed, lse, y, both = kept[0], kept[1], kept[2], kept[3], kept[4], kept[5]
                heads, kv, dim, wide = sizes[0], sizes[1], sizes[2], sizes[3]
                m, group = x.size(0), heads // kv
                none = torch.empty([0])
                gate, up = both[:, :wide], both[:, wide:]
                silu = torch.silu(gate)
                dp = self.project_back(d.to(CODE), silu * up, w[8], gw[8], none, a[6:7], b[6:7], ga[6:7], gb[6:7], [w[8].size(0)], scale)
                dboth = torch.empty_like(both)
                torch.copy_(dboth[:, wide:], torch.mul_(silu, dp))
                torch.copy_(dboth[:, :wide], torch.silu_backward(torch.mul_(dp, up), gate))
                dn = self.project_back(dboth, self.norm(y, w[6], eps).to(CODE), w[7], gw[7], none, a[4:6], b[4:6], ga[4:6], gb[4:6],
                    [wide, wide], scale)
                dy = torch.add_(self.norm_back(dn.to(6), y, w[6], gw[6], eps), d)
                dm = self.project_back(dy.to(CODE), mixed.view([m, heads * dim]), w[5], gw[5], none, a[3:4], b[3:4], ga[3:4], gb[3:4],
                    [w[5].size(0)], scale)
                qk = self.turned(raw, w, cos, sin, heads, kv, eps)
                dq, dk, dv = self.attend_back(dm.view([m, heads, dim]), qk[:, :heads], torch.repeat_interleave(qk[:, heads:], group, 1),
                    torch.repeat_interleave(raw[:, heads + kv :], group, 1), mixed, lse, seg)
                if group > 1:
                  dk = torch.sum(dk.view([m, kv, group, dim]), [2])
                  dv = torch.sum(dv.view([m, kv, group, dim]), [2])
                dqk = torch.cat([dq, dk], 1)
                dqk = torch.add_(torch.roll(dqk * sin, [dim // 2], [2]), dqk * cos)
                if w[3].numel() > 0:
                  dqk = torch.cat([self.norm_back(dqk[:, :heads].contiguous(), raw[:, :heads], w[3], gw[3], eps),
                      self.norm_back(dqk[:, heads:].contiguous(), raw[:, heads : heads + kv], w[4], gw[4], eps)], 1)
                draw = torch.cat([dqk, dv], 1).to(CODE).view([m, (heads + 2 * kv) * dim])
                dn = self.project_back(draw, self.norm(x, w[0], eps).to(CODE), w[1], gw[1], gw[2], a[0:3], b[0:3], ga[0:3], gb[0:3],
                    [heads * dim, kv * dim, kv * dim], scale)
                return torch.add_(self.norm_back(dn.to(6), x, w[0], gw[0], eps), dy)
              def embed(self, tokens: Tensor, w: Tensor) -> Tensor:
                return torch.embedding(w, tokens).to(6)
              def embed_back(self, d: Tensor, tokens: Tensor, gw: Tensor) -> Tensor:
                return torch.index_add_(gw, 0, tokens, d)
              def scores(self, x: Tensor, index: Tensor, gain: Tensor, w: Tensor, eps: float, temperature: float) -> Tensor:
                z = self.times(self.norm(torch.index_select(x, 0, index), gain, eps).to(CODE), w.to(CODE)).to(6)
                if temperature != 1.:
                  z = torch.div_(z, temperature)
                return torch.log_softmax(z, 1)
              # log-probabilities of the targets [N], entropies [N], and if asked for the gradients of the former by the normed hidden
              # states [N, C]: that of log softmax(W h / T)[t] is (W[t] - p W) / T
              def score(self, x: Tensor, index: Tensor, targets: Tensor, gain: Tensor, w: Tensor, eps: float, temperature: float,
                  slope: bool) -> List[Tensor]:
                z = self.scores(x, index, gain, w, eps, temperature)
                chosen = torch.gather(z, 1, targets.unsqueeze(1)).squeeze(1)
                p = torch.exp(z)
                entropy = torch.neg(torch.bmm(p.unsqueeze(1), z.unsqueeze(2)).view([-1]))
                if slope:
                  g = torch.index_select(w, 0, targets).to(6) - self.back(p.to(CODE), w.to(CODE))
                  return [chosen, entropy, torch.div_(g, temperature)]
                return [chosen, entropy]
              # adds to above, the gradient by the output of the last block [M, C], that by the log-probabilities, d [N]
              def score_back(self, above: Tensor, d: Tensor, slope: Tensor, x: Tensor, index: Tensor, gain: Tensor, ggain: Tensor,
                  eps: float) -> Tensor:
                rows = self.norm_back(slope * d.unsqueeze(1), torch.index_select(x, 0, index), gain, ggain, eps)
                return torch.index_add_(above, 0, index, rows)
              # adds the gradient of the output weights for some of the tokens
              def output_back(self, d: Tensor, x: Tensor, index: Tensor, targets: Tensor, gain: Tensor, w: Tensor, gw: Tensor, eps: float,
                  temperature: float) -> Tensor:
                p = torch.exp_(self.scores(x, index, gain, w, eps, temperature))
                d = (d / temperature).unsqueeze(1)
                p = torch.scatter_add_(torch.mul_(p, torch.neg(d)), 1, targets.unsqueeze(1), d)
                n = self.norm(torch.index_select(x, 0, index), gain, eps).to(CODE)
                return torch.add_(gw, self.outer(p.to(CODE), n))
            """;

    private final PtSymbolBlock script;
    private final PtNDManager manager;

    /** The script for a CPU; it lives as long as the manager. */
    BlockKernels(Precision precision, NDManager manager) {
        this.manager = (PtNDManager) manager;
        script = loaded(precision, manager);
    }

    private static PtSymbolBlock loaded(Precision precision, NDManager manager) {
        String call = "ops.mkldnn._linear_pointwise(%s, %s, None, \"none\", [], \"\")";
        String plus = "ops.mkldnn._linear_pointwise(x, z, w, None, \"add\")";
        try {
            return precision == Precision.FP32 ? load(precision, call.formatted("x", "w"), call.formatted("y", "w.t()"),
                    call.formatted("y.t().contiguous()", "x.t()"), plus, manager) : load(precision, plus, manager);
        } catch (EngineException e) { // an engine without oneDNN
            return load(precision, "torch.addmm(z, x, w.t())", manager);
        }
    }

    private static PtSymbolBlock load(Precision precision, String plus, NDManager manager) {
        return load(precision, "torch.linear(x, w)", "torch.matmul(y, w)", "torch.matmul(y.t(), x)", plus, manager);
    }

    private static PtSymbolBlock load(Precision precision, String times, String back, String outer, String plus, NDManager manager) {
        return TorchScript.load("BlockKernels", SOURCE.replace("TIMES", times).replace("BACK", back).replace("OUTER", outer)
                .replace("PLUS", plus).replace("CODE", String.format(Locale.ROOT, "%d", precision.code())), manager);
    }

    /** A call that returns one array. */
    NDArray one(String method, Object... arguments) {
        return run(method, arguments)[0];
    }

    /**
     * A call; arguments are arrays, lists of arrays, arrays of long, numbers and booleans.
     *
     * @return what it returns, in the current scope
     */
    NDArray[] run(String method, Object... arguments) {
        IValue[] values = Arrays.stream(arguments).map(BlockKernels::value).toArray(IValue[]::new);
        try (IValue result = IValueUtils.runMethod(script, method, values)) {
            return result.isTensor() ? new NDArray[] {result.toTensor(manager)} : result.toTensorArray(manager);
        } finally {
            Arrays.stream(values).forEach(IValue::close);
        }
    }

    private static IValue value(Object argument) {
        if (argument instanceof NDArray array) {
            return IValue.from((PtNDArray) array);
        }
        if (argument instanceof List<?> arrays) {
            return IValue.listFrom(arrays.toArray(PtNDArray[]::new));
        }
        if (argument instanceof long[] numbers) {
            return IValue.listFrom(numbers);
        }
        return argument instanceof Boolean flag ? IValue.from(flag) : IValue.from(((Number) argument).doubleValue());
    }
}

package llm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.Seed;
import java.util.List;
import java.util.SplittableRandom;
import llm.RowsApart.Shape;
import llm.RowsApart.Way;
import lppo.EngineSettings;
import lppo.EngineSettings.Setting;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;
import org.junit.jupiter.api.Test;

/** Tests the promises of {@link FastDecode} about rows that are decoded together, with each set of kernels of the engine. */
class RowsApartTest {

    private static final Way FAST = (policy, prompts, rows) -> sample(new GpuRollout(policy, Sampling.plain(24), rows), prompts);
    private static final Way PLAIN = (policy, prompts, rows) -> sample(new GpuRollout(policy, Sampling.plain(24), rows, true), prompts);

    private static final Way ONE_DNN = (policy, prompts, rows) -> sample(new GpuRollout(policy.sampledBy(true), Sampling.plain(24), rows),
            prompts);
    private static final Way TRUNCATED = (policy, prompts,
            rows) -> sample(new GpuRollout(adapted(policy), new Sampling(0.8, 20, 0.9, 24), rows), prompts);

    /** With adapters that learned something. */
    static Policy adapted(Policy policy) {
        Lora lora = Lora.fresh(policy.config(), Lora.Settings.of(4), new Seed(5), policy.manager());
        SplittableRandom random = new SplittableRandom(6);
        lora.parameters().forEach(array -> {
            float[] values = new float[(int) array.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (random.nextDouble() - 0.5) / 10;
            }
            array.set(values);
        });
        return policy.adapted(lora);
    }

    private static List<Completion> sample(Rollout rollout, List<Prompt> prompts) {
        return rollout.sample(prompts, new Step(2, new Seed(3))).stream().flatMap(group -> group.completions().stream()).toList();
    }

    /** Even and odd widths, heads, groups of heads and vocabularies; the last two are so wide that threads share the work. */
    private static final List<Shape> SHAPES = List.of(new Shape("qwen2", 64, 192, 4, 4, 16, 77, 64, 48),
            new Shape("qwen2", 36, 91, 6, 2, 6, 101, 64, 48), new Shape("qwen3", 33, 75, 3, 1, 10, 65, 64, 47),
            new Shape("qwen3", 48, 96, 5, 1, 8, 128, 40, 48), new Shape("llama", 40, 77, 2, 2, 4, 333, 64, 33),
            new Shape("llama", 56, 77, 7, 7, 24, 90, 64, 48), new Shape("qwen3", 192, 520, 6, 3, 32, 1000, 144, 80),
            new Shape("qwen2", 250, 701, 5, 5, 50, 1001, 144, 48));

    /** As wide as SmolLM2-135M, with a vocabulary of several blocks, the last one not full. */
    static final Shape BLOCKS = new Shape("llama", 576, 1536, 9, 3, 64, 3001, 96, 40);

    /** The same in more rows than the weights are laid out for. */
    private static final Shape MANY_ROWS = new Shape("llama", 576, 1536, 9, 3, 64, 3001, 48, 144);

    /** To the last bit in both precisions, and by the tolerance in rows that are longer than is exact. */
    public static final class Both implements EngineSettings.Property {
        @Override
        public void check() throws Exception {
            for (Shape shape : SHAPES) {
                RowsApart.check(FAST, shape, Precision.FP32, 0);
                RowsApart.check(FAST, shape, Precision.BF16, 0);
            }
            RowsApart.check(TRUNCATED, SHAPES.get(1), Precision.FP32, 0);
            RowsApart.check(TRUNCATED, SHAPES.get(6), Precision.BF16, 0);
            RowsApart.check(ONE_DNN, SHAPES.get(2), Precision.FP32, 0);
            RowsApart.check(ONE_DNN, SHAPES.get(7), Precision.FP32, 0);
            RowsApart.check(ONE_DNN, BLOCKS, Precision.FP32, 0);
            RowsApart.check(FAST, BLOCKS, Precision.BF16, 0);
            RowsApart.check(FAST, MANY_ROWS, Precision.BF16, 0);
            RowsApart.check(ONE_DNN, MANY_ROWS, Precision.FP32, 0);
            RowsApart.check(FAST, new Shape("qwen2", 64, 192, 4, 4, 16, 77, 700, 24), Precision.FP32, 1e-4f);
        }
    }

    /** Widths that are multiples of 16, in so many rows that three threads share the work. */
    public static final class Many implements EngineSettings.Property {
        @Override
        public void check() throws Exception {
            RowsApart.check(FAST, new Shape("qwen2", 64, 208, 4, 4, 16, 77, 64, 416), Precision.FP32, 0);
        }
    }

    /** Does not hold with one set of kernels. */
    public static final class Spoilt implements EngineSettings.Property {
        @Override
        public void check() {
            assertFalse("default".equals(System.getenv("ATEN_CPU_CAPABILITY")), "spoilt on purpose");
        }
    }

    @Test
    void withEachSetOfKernels() throws Exception {
        EngineSettings.hold(Both.class, EngineSettings.all(1, 2));
    }

    @Test
    void withMoreThreads() throws Exception {
        EngineSettings.hold(Many.class, EngineSettings.all(3));
    }

    /** Else the tests above could not fail. */
    @Test
    void theCheckSeesAWayThatRoundsByItsNeighbours() throws Exception {
        String said = assertThrows(AssertionError.class, () -> RowsApart.check(PLAIN, SHAPES.get(1), Precision.FP32, 0)).getMessage();
        assertTrue(said.contains("hidden=36") && said.contains("together"), said);
        RowsApart.check(PLAIN, SHAPES.get(1), Precision.FP32, 1e-4f);
    }

    @Test
    void theSetsOfAProcessorAreReadFromItsFlags() {
        assertEquals(List.of("avx512", "avx2", "default"), CpuKernels.of("flags : fpu sse2 fma avx2 avx512f avx512dq avx512bw avx512vl"));
        assertEquals(List.of("avx2", "default"), CpuKernels.of("flags : fpu sse2 fma avx2 avx512f"));
        assertEquals(List.of("default"), CpuKernels.of("flags : fpu sse2 avx2"));
        assertEquals(List.of(), CpuKernels.of(""));
        assertEquals("avx512", CpuKernels.used(null, List.of("avx512", "avx2", "default")));
        assertEquals("avx2", CpuKernels.used("avx2", List.of("avx512", "avx2", "default")));
        assertEquals("avx512", CpuKernels.used("no such", List.of("avx512", "avx2", "default")), "the engine warns and goes on");
    }

    @Test
    void theSettingThatFailedIsNamed() {
        String said = assertThrows(AssertionError.class, () -> EngineSettings.hold(Spoilt.class,
                List.of(new Setting("", 1), new Setting("default", 2)))).getMessage();
        assertEquals("1 of 2 settings: ATEN_CPU_CAPABILITY default, 2 threads: spoilt on purpose ==> expected: <false> but was: <true>",
                said);
    }
}

package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import chat.ChatTemplate;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import commands.ChatFormat;
import common.Seed;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import llm.Lora;
import llm.ModelConfig;
import llm.OneByOne;
import llm.Policy;
import llm.Precision;
import llm.Scopes;
import llm.Tokenizer;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.data.Step;
import lppo.judge.Reward;
import lppo.learn.LearnerSettings;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.run.Footprint;
import lppo.run.Recipe;
import lppo.run.StepMetrics;
import lppo.run.Training;
import lppo.task.SimpleTask;
import lppo.task.Task;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tasks.Tasks;

/**
 * A published language model, SmolLM2-135M-Instruct, against transformers, and trained. {@code LPPO_SMOLLM2} names its folder, which
 * tests/fixtures/smollm2.py makes; without it these tests are skipped.
 */
class SmolLm2Test {

    private static final int LONGEST = 24; // tokens of a completion
    private static final int RANK = 16;

    private static Path model;
    private static JsonObject golden;

    @BeforeAll
    static void findModel() throws Exception {
        String folder = System.getenv("LPPO_SMOLLM2");
        assumeTrue(folder != null && !folder.isEmpty(), "LPPO_SMOLLM2 names no folder");
        model = Path.of(folder);
        golden = JsonParser.parseString(Files.readString(Checkout.ROOT.resolve("tests/fixtures/smollm2.json"))).getAsJsonObject();
    }

    @Test
    void weightsAreThoseThatTransformersReadsFromTheSameFile() throws Exception {
        try (FileChannel file = FileChannel.open(model.resolve("model.safetensors"))) {
            int header = (int) read(file, 0, 8).order(ByteOrder.LITTLE_ENDIAN).getLong();
            JsonObject entries = JsonParser.parseString(StandardCharsets.UTF_8.decode(read(file, 8, header)).toString()).getAsJsonObject();
            entries.remove("__metadata__");
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (JsonElement entry : new TreeMap<>(entries.asMap()).values()) {
                JsonArray offsets = entry.getAsJsonObject().getAsJsonArray("data_offsets");
                long begin = offsets.get(0).getAsLong();
                assertEquals("F32", entry.getAsJsonObject().get("dtype").getAsString());
                digest.update(read(file, 8 + header + begin, (int) (offsets.get(1).getAsLong() - begin)));
            }
            assertEquals(golden.get("weights").getAsString(), HexFormat.of().formatHex(digest.digest()));
        }
    }

    private static ByteBuffer read(FileChannel file, long position, int size) throws Exception {
        return file.map(FileChannel.MapMode.READ_ONLY, position, size);
    }

    @Test
    void tokensAndChatsAreThoseOfTransformers() throws Exception {
        assertEquals(golden.get("template").getAsString(), Files.readString(model.resolve("chat_template.jinja")));
        ChatTemplate template = ChatTemplate.read(model).orElseThrow();
        try (Tokenizer tokenizer = Tokenizer.load(model)) {
            JsonArray texts = golden.getAsJsonArray("texts");
            assertTrue(texts.size() >= 400);
            for (JsonElement each : texts) {
                String text = each.getAsJsonObject().get("text").getAsString();
                assertArrayEquals(ints(each.getAsJsonObject(), "tokens"), tokenizer.encode(text), text);
            }
            for (JsonObject chat : cases()) {
                List<ChatTemplate.Message> messages = chat.getAsJsonArray("messages").asList().stream().map(JsonElement::getAsJsonObject)
                        .map(m -> new ChatTemplate.Message(m.get("role").getAsString(), m.get("content").getAsString())).toList();
                assertEquals(chat.get("text").getAsString(), template.render(messages, true));
                assertArrayEquals(ints(chat, "tokens"), tokenizer.encode(chat.get("text").getAsString()));
                assertEquals(chat.get("decoded").getAsString(), tokenizer.decode(ints(chat, "greedy")));
            }
        }
    }

    @Test
    void logitsAndGreedyAnswersAreThoseOfTransformers() throws Exception {
        try (Policy policy = Policy.load(model, Device.cpu())) {
            List<Prompt> prompts = new ArrayList<>();
            for (JsonObject chat : cases()) {
                prompts.add(Prompt.unguided(new Problem("p" + prompts.size(), "?", "?", null, null, null), ints(chat, "tokens")));
                Scopes.run(() -> assertLogits(policy, chat));
            }
            int longest = ints(cases().get(1), "greedy").length;
            List<Completion> answers = new GpuRollout(policy, Sampling.greedy(longest), 8).sample(prompts, new Step(0, new Seed(1)))
                    .stream()
                    .flatMap(group -> group.completions().stream()).toList();
            for (int i = 0; i < answers.size(); i++) {
                assertArrayEquals(ints(cases().get(i), "greedy"), answers.get(i).tokens(), cases().get(i).get("text").getAsString());
            }
        }
    }

    private static void assertLogits(Policy policy, JsonObject chat) {
        long[] ids = IntStream.of(ints(chat, "tokens")).asLongStream().toArray();
        NDArray hidden = policy.decoder().hidden(policy.manager().create(ids, new Shape(1, ids.length)), null);
        float[] logits = policy.decoder().logits(hidden.get(":, {}:", ids.length - 1)).toFloatArray();
        double sum = 0;
        double exponentials = 0;
        for (float logit : logits) {
            sum += logit;
            exponentials += Math.exp(logit);
        }
        int[] top = ints(chat, "top");
        for (int i = 0; i < top.length; i++) {
            assertEquals(chat.getAsJsonArray("logits").get(i).getAsDouble(), logits[top[i]], 1e-3);
        }
        assertEquals(chat.get("mean").getAsDouble(), sum / logits.length, 1e-3);
        assertEquals(chat.get("logSumExp").getAsDouble(), Math.log(exponentials), 1e-3);
    }

    static List<String> recipes() {
        return Recipe.names();
    }

    /** A reward that knows no right answer makes mixed groups of a model that knows few. */
    @ParameterizedTest
    @MethodSource("recipes")
    void everyRecipeTakesAStep(String recipe) {
        try (Policy base = Policy.load(model, Device.cpu(), Precision.FP32, false)) {
            Lora adapters = Lora.fresh(base.config(), Lora.Settings.of(RANK), new Seed(1), base.manager());
            float before = adapters.parameters().get(1).abs().sum().getFloat();
            List<StepMetrics> steps = Training.of(base.adapted(adapters), task((problem, response) -> response.length() % 2))
                    .recipe(small(Recipe.named(recipe))).run(1);
            StepMetrics step = steps.get(0);
            assertTrue(Double.isFinite(step.loss()) && step.gradientNorm() > 0, step::toString);
            assertEquals(0, step.firstDifference(), 1e-3, "rollout and update agree");
            assertEquals(0, before);
            assertNotEquals(0, adapters.parameters().get(1).abs().sum().getFloat(), "adapters move");
        }
    }

    private static Recipe small(Recipe recipe) {
        return recipe.problemsPerStep(4).groupSize(4).learning(new LearnerSettings().learningRate(1e-4).warmUp(1).tokenBudget(1024));
    }

    /** With a penalty, so that silent groups are learned from too, and batches are full. */
    private static Recipe full() {
        return small(Recipe.grpo()).algorithm(Algorithm.grpo().kl(Kl.K3, 0.1));
    }

    private static Task task(Reward reward) {
        PromptFormat chat = ChatFormat.named("chat", model, null);
        List<Problem> problems = Tasks.named("arithmetic").problems().stream().filter(Problem::hasDemonstration).limit(8).toList();
        return new SimpleTask("sums", problems, List.of(), List.of(), chat, reward, LONGEST);
    }

    @Test
    void aRunHoldsNoMoreThanTheDryRunSays(@TempDir Path folder) throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/status")), "this system does not tell");
        ModelConfig config = ModelConfig.read(model);
        double estimate = Footprint.of(config, full(), Lora.Settings.of(RANK), Precision.FP32, Device.cpu(),
                new Footprint.Extent(70, LONGEST, 16, false)).peak() / (double) (1 << 20);
        double taken = peak(folder, model) - peak(folder, Checkout.ROOT.resolve("data/base"));
        System.out.printf("a step of SmolLM2 held %.0f MB, the estimate is %.0f%n", taken, estimate);
        assertTrue(taken < estimate && taken > 0.3 * estimate, "%.0f MB for an estimate of %.0f".formatted(taken, estimate));
    }

    /** The most megabytes that a process of its own ever held. */
    private static double peak(Path folder, Path policy) throws Exception {
        Path log = folder.resolve("log");
        Process run = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-Xms256m",
                "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-Dai.djl.pytorch.num_threads=1", "-DOPT_OUT_TRACKING=true", "-cp",
                System.getProperty("java.class.path"), SmolLm2Test.class.getName(), policy.toString())
                .redirectErrorStream(true).redirectOutput(log.toFile()).start();
        assertEquals(0, run.waitFor(), () -> policy.toString());
        String last = Files.readAllLines(log).stream().reduce((a, b) -> b).orElseThrow();
        return Double.parseDouble(last.replaceAll("\\D", "")) / 1024;
    }

    /** The work of such a process: a step of a real model, else only loading; prints the peak. */
    public static void main(String... arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        try (Policy base = Policy.load(folder, Device.cpu(), Precision.FP32, false)) {
            if (base.config().layers() > 2) {
                model = folder;
                Lora adapters = Lora.fresh(base.config(), Lora.Settings.of(RANK), new Seed(1), base.manager());
                Training.of(base.adapted(adapters), task((problem, response) -> 0)).recipe(full()).reference(base).run(1);
            }
        }
        System.out.println(Files.readAllLines(Path.of("/proc/self/status")).stream().filter(l -> l.startsWith("VmHWM")).findFirst()
                .orElseThrow());
    }

    /** A conversation keeps keys and values and runs what is new; its logits are those of the whole. */
    @Test
    void aConversationContinuesWhatWasSaid() {
        try (Policy policy = Policy.load(model, Device.cpu(), Precision.FP32, false); OneByOne sequence = new OneByOne(policy)) {
            PromptFormat chat = ChatFormat.named("chat", model, null, policy.tokenizer());
            int[] first = policy.encode(chat.of("What is the capital of France?"));
            sequence.next(first);
            int[] tokens = policy.encode(chat.of("What is the capital of France?") + "Paris.<|im_end|>\n<|im_start|>user\nAnd of Italy?");
            float[] continued = sequence.next(tokens);
            try (OneByOne whole = new OneByOne(policy)) {
                assertArrayEquals(whole.next(tokens), continued, 2e-3f);
            }
        }
    }

    private static List<JsonObject> cases() {
        return golden.getAsJsonArray("cases").asList().stream().map(JsonElement::getAsJsonObject).toList();
    }

    private static int[] ints(JsonObject object, String name) {
        return object.getAsJsonArray(name).asList().stream().mapToInt(JsonElement::getAsInt).toArray();
    }
}

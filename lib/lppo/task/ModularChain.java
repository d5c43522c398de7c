package lppo.task;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import lppo.data.Problem;

/**
 * The built-in task: chains of arithmetic modulo 61. A question is a start value and n operations, padded to a fixed length; the expert
 * solution is the n successive values, one word and one token each; the answer is the last of them:
 *
 * <pre>  start 17 +3 *2 -7 . . . . . . . . . =   20 40 33</pre>
 *
 * The level is n. A policy that knows the table of 61 x 8 single steps well solves every level; one that knows it only partly almost always
 * fails long chains: exploration is the bottleneck.
 */
public final class ModularChain {

    /** The modulus of all values. */
    public static final int MODULUS = 61;
    /** The longest chain that fits into a question. */
    public static final int MAX_LENGTH = 12;

    private static final List<String> OPERATIONS = List.of("+3", "*2", "-7", "*5", "+19", "*7", "-23", "*11");

    private static final int COMMON = 5; // the first operations; the others may be rarer
    private static final int PATIENCE = 100_000; // failed draws in a row before giving up

    private ModularChain() {}

    /**
     * The number of problems of each length.
     *
     * @param name of the set; problem ids start with it
     * @param counts number of problems by chain length
     * @param demonstrated number of problems with a solution, by chain length
     * @param rarity sampling weight of each of the last three operations, relative to 1 for the others; in (0, 1e6]
     */
    public record Counts(String name, Map<Integer, Integer> counts, Map<Integer, Integer> demonstrated, double rarity) {

        public Counts {
            BadInput.unless(rarity > 0 && rarity <= 1e6, "rarity %s: must lie in (0, 1e6]", rarity);
            counts.forEach((length, count) -> {
                BadInput.unless(length > 0 && length <= MAX_LENGTH, "chain length %d: must lie in 1 to %d", length, MAX_LENGTH);
                BadInput.unless(count >= 0, "%d problems of length %d: must be 0 or more", count, length);
            });
        }
    }

    /**
     * Returns random problems whose questions are not in {@code taken}.
     *
     * @param distinct whether questions are unique; there are only 3904 different ones of length 2
     * @throws BadInput if there are too few different questions
     */
    public static List<Problem> problems(Counts set, Seed seed, Set<String> taken, boolean distinct) {
        Set<String> used = new HashSet<>(taken);
        List<Problem> problems = new ArrayList<>();
        set.counts().forEach((length, count) -> {
            SplittableRandom random = seed.at(set.name(), length);
            int withSolution = set.demonstrated().getOrDefault(length, 0);
            int inVain = 0;
            for (int made = 0; made < count;) {
                BadInput.unless(inVain < PATIENCE, "%s: found only %d of %d problems of length %d; ask for fewer", set.name(), made,
                        count, length);
                Problem problem = problem(set.name() + "-" + length + "-" + made, length, random,
                        made < withSolution, set.rarity());
                if (distinct ? used.add(problem.question()) : !used.contains(problem.question())) {
                    problems.add(problem);
                    made++;
                    inVain = 0;
                } else {
                    inVain++;
                }
            }
        });
        return problems;
    }

    /** Returns a random problem; {@code rarity} is the weight of each of the last three operations, relative to 1 for the others. */
    public static Problem problem(String id, int length, SplittableRandom random, boolean demonstrated, double rarity) {
        int value = random.nextInt(MODULUS);
        StringBuilder question = new StringBuilder("start " + value);
        StringJoiner solution = new StringJoiner(" ");
        for (int i = 0; i < MAX_LENGTH; i++) {
            if (i >= length) {
                question.append(" .");
                continue;
            }
            double draw = random.nextDouble() * (COMMON + (OPERATIONS.size() - COMMON) * rarity);
            int index = draw < COMMON ? (int) draw : COMMON + (int) ((draw - COMMON) / rarity);
            String operation = OPERATIONS.get(Math.min(index, OPERATIONS.size() - 1));
            value = apply(operation, value);
            question.append(' ').append(operation);
            solution.add(Integer.toString(value));
        }
        return new Problem(id, question + " =", Integer.toString(value), demonstrated ? solution.toString() : null,
                Integer.toString(length), "modular-chain");
    }

    /** Returns a problem of this task with its solution, the successive values. */
    public static Problem solved(Problem problem) {
        String[] words = problem.question().split(" ");
        int value = Integer.parseInt(words[1]);
        StringJoiner solution = new StringJoiner(" ");
        for (int i = 2; i < words.length && OPERATIONS.contains(words[i]); i++) {
            value = apply(words[i], value);
            solution.add(Integer.toString(value));
        }
        return new Problem(problem.id(), problem.question(), problem.answer(), solution.toString(), problem.level(), problem.source());
    }

    /** Returns the value after one operation. */
    public static int apply(String operation, int value) {
        int operand = Integer.parseInt(operation.substring(1));
        return Math.floorMod(switch (operation.charAt(0)) {
            case '+' -> value + operand;
            case '-' -> value - operand;
            default -> value * operand;
        }, MODULUS);
    }

    /** Writes {@code config.json} and {@code tokenizer.json} of a small Qwen2 policy for this task. */
    public static void writeSkeleton(Path folder) throws IOException {
        Files.createDirectories(folder);
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        List<String> words = new ArrayList<>(List.of("<pad>", "<end>", "start", "=", "."));
        words.addAll(OPERATIONS);
        for (int value = 0; value < MODULUS; value++) {
            words.add(Integer.toString(value));
        }
        words.forEach(word -> vocabulary.put(word, vocabulary.size()));
        var gson = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();
        Files.writeString(folder.resolve("config.json"), gson.toJson(config(vocabulary.size())) + "\n");
        Files.writeString(folder.resolve("tokenizer.json"), gson.toJson(tokenizer(vocabulary)) + "\n");
    }

    private static JsonObject config(int vocabulary) {
        JsonObject json = new JsonObject();
        JsonArray architectures = new JsonArray();
        architectures.add("Qwen2ForCausalLM");
        json.add("architectures", architectures);
        json.addProperty("model_type", "qwen2");
        json.addProperty("vocab_size", vocabulary);
        json.addProperty("hidden_size", 64);
        json.addProperty("intermediate_size", 192);
        json.addProperty("num_hidden_layers", 2);
        json.addProperty("num_attention_heads", 4);
        json.addProperty("num_key_value_heads", 4);
        json.addProperty("max_position_embeddings", 64);
        json.addProperty("rms_norm_eps", 1e-6);
        json.addProperty("rope_theta", 10000.0);
        json.addProperty("hidden_act", "silu");
        json.addProperty("tie_word_embeddings", true);
        json.addProperty("pad_token_id", 0);
        json.addProperty("eos_token_id", 1);
        json.addProperty("torch_dtype", "float32");
        return json;
    }

    private static JsonObject tokenizer(Map<String, Integer> vocabulary) {
        JsonArray added = new JsonArray();
        for (String word : List.of("<pad>", "<end>")) {
            JsonObject token = new JsonObject();
            token.addProperty("id", vocabulary.get(word));
            token.addProperty("content", word);
            for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
                token.addProperty(flag, false);
            }
            token.addProperty("special", true);
            added.add(token);
        }
        JsonObject split = new JsonObject();
        split.addProperty("type", "WhitespaceSplit");
        JsonObject ids = new JsonObject();
        vocabulary.forEach(ids::addProperty);
        JsonObject model = new JsonObject();
        model.addProperty("type", "WordLevel");
        model.add("vocab", ids);
        model.addProperty("unk_token", "<pad>");
        JsonObject json = new JsonObject();
        json.addProperty("version", "1.0");
        for (String name : List.of("truncation", "padding", "normalizer", "post_processor", "decoder")) {
            json.add(name, null);
        }
        json.add("added_tokens", added);
        json.add("pre_tokenizer", split);
        json.add("model", model);
        return json;
    }
}

package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import lppo.data.Problem;
import lppo.data.Problems;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a resumed run keeps the choices of the machine it was started on, and where a KL term pulls to. */
class ResumeElsewhereTest {

    private static final Path DATA = Checkout.ROOT.resolve("data");

    @TempDir
    static Path classes;
    @TempDir
    Path folder;
    private Path model = DATA.resolve("base");

    @Test
    void theChoicesOfTheMachineAreRecordedAndKeptByAResumedRun() throws Exception {
        model = WideModel.in(folder.resolve("wide"));
        train("whole", "4");
        train("here", "2");
        JsonObject config = config("here");
        assertEquals("engine", config.get("products").getAsString(), "a small model is the same on every processor");
        assertEquals("0.0", config.getAsJsonObject("options").get("importanceCap").getAsString());
        copy("here", "elsewhere");
        train("here", "4", "--resume");
        assertEquals(metrics("whole"), metrics("here"));

        edit("elsewhere", started -> started.addProperty("products", "oneDNN")); // as if another processor had chosen it
        train("elsewhere", "4", "--resume");
        assertEquals("oneDNN", config("elsewhere").get("products").getAsString());
        assertEquals(metrics("here").subList(0, 3), metrics("elsewhere").subList(0, 3));
        assertNotEquals(metrics("here").get(3), metrics("elsewhere").get(3), "other last bits");
    }

    @Test
    void theCapIsRecordedAsItTakesEffectAndOlderRunsThatRecordedNoneAreResumed() throws Exception {
        train("run", "1");
        edit("run", started -> started.addProperty("rollout_precision", "BF16")); // as if a probe had chosen it
        String refused = new Commands(classes).run(2, line("run", "2", "--resume"));
        assertTrue(refused.contains("options importanceCap \"0.0\" and not \"2.0\"") && refused.lines().count() == 1, refused);
        edit("run", started -> started.getAsJsonObject("options").addProperty("importanceCap", "null"));
        train("run", "2", "--resume");
        assertEquals(3, metrics("run").size());
    }

    @Test
    void besideAdaptersTheFrozenWeightsAreAsForSamplingAndAResumedRunKeepsThem() throws Exception {
        model = WideModel.in(folder.resolve("wide"));
        String[] adapters = {"--lora-rank", "4", "--importance-cap", "2"};
        train("narrow", "1", adapters);
        assertEquals(config("narrow").get("rollout_precision"), config("narrow").get("learner_precision"));
        for (String run : List.of("wide-learner", "older")) {
            copy("narrow", run);
        }
        edit("narrow", started -> started.addProperty("rollout_precision", "BF16")); // as if a probe had chosen it
        edit("narrow", started -> started.addProperty("learner_precision", "BF16"));
        edit("wide-learner", started -> started.addProperty("rollout_precision", "BF16"));
        edit("wide-learner", started -> started.addProperty("learner_precision", "FP32"));
        edit("older", started -> started.addProperty("rollout_precision", "BF16"));
        edit("older", started -> started.remove("learner_precision")); // which was fp32 on a CPU
        for (String run : List.of("narrow", "wide-learner", "older")) {
            train(run, "3", with(List.of(adapters), "--resume"));
        }
        assertEquals(metrics("wide-learner"), metrics("older"));
        assertNotEquals(metrics("wide-learner").get(2), metrics("narrow").get(2));
    }

    @Test
    void withGivenAdaptersAKlTermPullsToThePolicyThatTrainingBeginsWith() throws Exception {
        Path some = folder.resolve("some.jsonl");
        Problems.write(some, Problems.read(DATA.resolve("train.jsonl")).stream().filter(Problem::hasDemonstration).toList());
        new Commands(classes).run(0, "sft", "--model", DATA.resolve("base").toString(), "--data", some.toString(), "--out",
                folder.resolve("sft").toString(), "--device", "cpu", "--lora-rank", "4", "--steps", "3", "--learning-rate", "0.01");
        List<String> adapters = List.of("--adapter", folder.resolve("sft/checkpoint").toString(), "--lora-rank", "4", "--kl", "0.1");
        train("kl", "1", adapters.toArray(String[]::new));
        assertEquals(0, kl("kl", 1), 1e-6, "before the first update the policy is its own reference");
        train("kl", "3", with(adapters, "--resume"));
        assertTrue(kl("kl", 3) > 1e-6 && kl("kl", 3) < 0.05, "and after a resume it is still the initial one: " + kl("kl", 3));
        train("whole-kl", "3", adapters.toArray(String[]::new));
        assertEquals(metrics("whole-kl"), metrics("kl"));
        String refused = new Commands(classes).run(2, line("spark", "1", with(adapters, "--master", "local[1]")));
        assertTrue(refused.contains("--adapter with --kl: not with --master"), refused);
    }

    private static String[] with(List<String> some, String... more) {
        List<String> all = new ArrayList<>(some);
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private void train(String out, String steps, String... more) throws Exception {
        new Commands(classes).run(0, line(out, steps, more));
    }

    private String[] line(String out, String steps, String... more) {
        return with(List.of("train", "--recipe", "grpo", "--model", model.toString(), "--data",
                DATA.resolve("train.jsonl").toString(), "--device", "cpu", "--out", folder.resolve(out).toString(), "--steps", steps,
                "--problems-per-step", "4", "--group-size", "4", "--evaluate-samples", "0", "--learning-rate", "0.001"), more);
    }

    private double kl(String run, int step) throws IOException {
        int column = List.of(metrics(run).get(0).split(",")).indexOf("kl");
        return Double.parseDouble(metrics(run).get(step).split(",")[column]);
    }

    private List<String> metrics(String run) throws IOException {
        return Files.readAllLines(folder.resolve(run).resolve("metrics.csv"));
    }

    private JsonObject config(String run) throws IOException {
        return JsonParser.parseString(Files.readString(folder.resolve(run).resolve("config.json"))).getAsJsonObject();
    }

    private void edit(String run, Consumer<JsonObject> change) throws IOException {
        JsonObject config = config(run);
        change.accept(config);
        Files.writeString(folder.resolve(run).resolve("config.json"), config.toString());
    }

    private void copy(String from, String to) throws IOException {
        try (var files = Files.walk(folder.resolve(from))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(to).resolve(folder.resolve(from).relativize(file)));
            }
        }
    }
}

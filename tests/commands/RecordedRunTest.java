package commands;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import common.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lppo.ChatModel;
import lppo.Commands;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --config} runs a run again, and {@code --resume} goes on with what it chose. */
class RecordedRunTest {

    @TempDir
    Path folder;

    private Commands commands;
    private String model;
    private String data;

    @BeforeEach
    void makeModelAndProblems() throws Exception {
        commands = new Commands(folder);
        model = ChatModel.write(folder).toString();
        data = ChatModel.problems(folder).toString();
    }

    private String at(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void theSameRunGivesTheSameMetrics() throws Exception {
        commands.run(0, "train", "--recipe", "lppo", "--model", model, "--data", data, "--out", at("a"), "--steps", "3", "--group-size",
                "4",
                "--max-new-tokens", "48", "--lora-rank", "4", "--lora-alpha", "4", "--lora-targets", "q_proj,v_proj", "--reward", "math",
                "--lenient",
                "--guide-below",
                "0.9", "--kl", "0.01", "--aggregation", "TOKEN_MEAN", "--recompute", "--device", "cpu", "--evaluate-on", data,
                "--evaluate-every", "3", "--evaluate-samples", "1");
        String said = commands.run(0, "train", "--config", at("a/config.json"), "--out", at("b"));
        assertEquals("", said, "all is recorded, nothing is chosen");
        for (String file : List.of("metrics.csv", "problems.csv", "evaluation.csv", "samples.jsonl",
                "checkpoint/adapter_model.safetensors")) {
            assertArrayEquals(Files.readAllBytes(folder.resolve("a").resolve(file)), Files.readAllBytes(folder.resolve("b").resolve(file)),
                    file);
        }
        JsonObject before = Json.object(folder.resolve("a/config.json"));
        JsonObject after = Json.object(folder.resolve("b/config.json"));
        assertEquals("lenient", after.getAsJsonObject("asking").get("judging").getAsString());
        assertTrue(before.get("chosen").toString().contains("--prompt-format"), before::toString);
        before.remove("chosen");
        after.remove("chosen");
        assertEquals(before, after);

        Files.writeString(Path.of(data), Files.readString(Path.of(data)).replace("One more", "And one more"));
        said = commands.run(0, "train", "--config=" + at("a/config.json"), "--out", at("c"), "--seed", "2", "--steps=1", "--reward",
                "boxed");
        assertTrue(said.contains("a/config.json: was of a run with other contents of the evaluation, problems"), said);
        JsonObject other = Json.object(folder.resolve("c/config.json"));
        assertEquals("2", other.get("seed").toString());
        assertEquals("1", other.get("steps").toString());
        assertEquals("4", other.get("lora_rank").toString());
        assertEquals("strict", other.getAsJsonObject("asking").get("judging").getAsString());
    }

    @Test
    void imitationRunsAgainToo() throws Exception {
        commands.run(0, "sft", "--model", model, "--data", data, "--out", at("a"), "--steps", "3", "--demonstrations", "4", "--device",
                "cpu");
        assertEquals("4", Json.object(folder.resolve("a/config.json")).get("batch").toString(), "not more than there are");
        commands.run(0, "sft", "--config", at("a/config.json"), "--out", at("b"));
        for (String file : List.of("metrics.csv", "checkpoint/model.safetensors")) {
            assertArrayEquals(Files.readAllBytes(folder.resolve("a").resolve(file)), Files.readAllBytes(folder.resolve("b").resolve(file)),
                    file);
        }
    }

    @Test
    void aRunGoesOnWithWhatItChose() throws Exception {
        String[] line = {"train", "--recipe", "grpo", "--model", model, "--data", data, "--out", at("a"), "--group-size", "2", "--device",
            "cpu", "--steps", "1"};
        commands.run(0, line);
        Path config = folder.resolve("a/config.json");
        String text = Files.readString(config); // as if less memory had been free then, and another rate had been chosen
        Files.writeString(config, text.replace("\"learningRate\": \"1.0E-5\"", "\"learningRate\": \"2.0E-5\""));
        line[line.length - 1] = "2";
        List<String> again = new java.util.ArrayList<>(List.of(line));
        again.add("--resume");
        assertEquals("", commands.run(0, again.toArray(String[]::new)));
        assertEquals(3, Files.readAllLines(folder.resolve("a/metrics.csv")).size());
        again.addAll(List.of("--learning-rate", "3e-5"));
        String refused = commands.run(2, again.toArray(String[]::new));
        assertTrue(refused.contains("learningRate \"2.0E-5\" and not \"3.0E-5\""), refused);
    }

    @Test
    void whatCannotBeUsedIsSaidInOneLine() throws Exception {
        String whole = "{\"command\": \"train\", \"recipe\": \"lppo\", \"model\": \"m\", \"options\": {\"groupSize\": \"4\"}}";
        refused("{\"command\": \"sft\"}", "is of a run of sft, not of train");
        refused("{\"recipe\": \"lppo\"}", "has no \"command\"");
        refused("{\"command\": \"train\", \"options\": {}}", "does not record --model, --recipe; give it");
        refused(whole.replace("groupSize", "groupsSize"), "has groupsSize, which no option of train is named after; remove it");
        refused(whole.replace("\"recipe\"", "\"colour\": 1, \"recipe\""), "has colour, which no option");
        refused(whole.replace("\"4\"", "[4]"), "its \"groupSize\" is neither text, a number nor true or false");
        refused(whole.replace("{\"groupSize\": \"4\"}", "7"), "its \"options\" is not an object");
        refused("[]", "config.json");
        refused("{", "config.json");
        assertTrue(commands.run(2, "train", "--config", at("nowhere"), "--out", at("o")).contains("no such file"));
        Files.writeString(folder.resolve("config.json"), whole);
        String said = commands.run(2, "train", "--config", at("config.json"), "--out", at("o"));
        assertEquals(1, said.lines().filter(line -> line.contains("does not record") && line.contains("--beta-min")
                && line.endsWith("; the defaults are used")).count(), said);
        said = commands.run(2, "train", "--config", at("config.json"));
        assertTrue(said.contains("Missing required option") && said.contains("--out"), said);
    }

    private void refused(String config, String why) throws Exception {
        Files.writeString(folder.resolve("config.json"), config);
        String said = commands.run(2, "train", "--config", at("config.json"), "--out", at("o"));
        assertTrue(said.contains(why) && said.lines().count() == 1, said);
    }
}

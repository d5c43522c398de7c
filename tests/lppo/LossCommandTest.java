package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rivals.RivalRecipes;

/** Tests the options of {@code train} and {@code reproduce} for losses, recipes and limits. */
class LossCommandTest {

    private static final Path DATA = Checkout.ROOT.resolve("data");

    @TempDir
    static Path classes;
    @TempDir
    Path folder;

    @Test
    void whatIsUnknownIsNamedAndSoIsWhatIsKnown() throws Exception {
        refused("loss \"ppo\" is unknown; choose one of grpo, dr-grpo, dapo, gspo, cispo, rloo, reinforce++",
                train("--loss", "ppo"));
        refused("recipe \"best\" is unknown; choose one of grpo, pg, lp, lppo, adaptive, bread, mopps, dynamic,"
                + " bread-search, prefix-rft, decaying, progress",
                command("train", "--recipe", "best", "--model", DATA.resolve("base").toString(), "--data",
                        DATA.resolve("train.jsonl").toString()));
        refused("--across recipes: only losses", command("reproduce", "--across", "recipes"));
        refused("--on train: choose heldout or validation", command("reproduce", "--on", "train"));
        refused("recipe \"ppo\" is unknown", command("reproduce", "--recipes", "grpo,ppo"));
        refused("--recipes lppo: start with grpo", command("reproduce", "--recipes", "lppo"));
        refused("--tokens 0: must be positive", command("reproduce", "--tokens", "0"));
        refused("study \"hints\": choose conditions or weights", command("study", "hints"));
        refused("--across losses: sets --loss for every run", command("reproduce", "--across", "losses", "--", "--loss", "dapo"));
    }

    @Test
    void impossibleNumbersAreRefusedBeforeAnythingIsWritten() throws Exception {
        refused("--tokens 0: must be positive", train("--tokens", "0"));
        refused("clip range 0.0 below", train("--clip-low", "0"));
        refused("overlong slope 15", train("--overlong", "15"));
        refused("importance cap -1.0", train("--importance-cap", "-1"));
        refused("refills -1", train("--refills", "-1"));
        refused("epochs 0", train("--epochs", "0"));
        refused("reward noise 0.5", train("--reward-noise", "0.5"));
        refused("KL coefficient -1.0", train("--kl", "-1", "--loss", "rloo"));
    }

    @Test
    void theHelpNamesEveryLossAndRecipe() throws Exception {
        String help = new Commands(classes).run(0, "train", "--help").replaceAll("\\s+", " ");
        assertTrue(help.contains(names(Algorithm.all(14).stream().map(Algorithm::id).toList())), help);
        assertTrue(help.contains(names(RivalRecipes.names())), help);
    }

    @Test
    void aRunWithALossEndsByItsTokens() throws Exception {
        String[] arguments = train("--loss", "gspo", "--importance-cap", "2", "--problems-per-step", "4", "--group-size", "4",
                "--tokens", "300", "--evaluate-samples", "0");
        new Commands(classes).run(0, arguments);
        List<String> metrics = Files.readAllLines(folder.resolve("out/metrics.csv"));
        long last = Long.parseLong(metrics.get(metrics.size() - 1).split(",")[1]);
        long before = Long.parseLong(metrics.get(metrics.size() - 2).split(",")[1]);
        assertTrue(last >= 300 && before < 300, before + ", " + last);
        JsonObject config = JsonParser.parseString(Files.readString(folder.resolve("out/config.json"))).getAsJsonObject();
        assertEquals("gspo", config.getAsJsonObject("options").get("loss").getAsString());
        assertEquals(300, config.get("tokens").getAsLong());
    }

    private String[] train(String... more) {
        List<String> arguments = new ArrayList<>(List.of("train", "--recipe", "grpo", "--model", DATA.resolve("base").toString(), "--data",
                DATA.resolve("train.jsonl").toString(), "--device", "cpu"));
        arguments.addAll(List.of(more));
        return command(arguments.toArray(new String[0]));
    }

    /** A command with a folder to write to, before the options that are handed on. */
    private String[] command(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(1, List.of("--out", folder.resolve("out").toString()));
        return all.toArray(new String[0]);
    }

    private void refused(String message, String[] arguments) throws Exception {
        String said = new Commands(classes).run(2, arguments);
        assertTrue(said.startsWith(message), said);
        assertEquals(1, said.lines().count(), said);
        assertFalse(Files.exists(folder.resolve("out")), "nothing is written");
    }

    private static String names(List<String> ids) {
        return ids.subList(0, ids.size() - 1).stream().collect(Collectors.joining(", ")) + " or " + ids.get(ids.size() - 1);
    }
}

package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import commands.Jobs.Job;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests parallel runs: finished ones are kept, the others are run. */
class JobsTest {

    @TempDir
    Path folder;

    @Test
    void whatIsFinishedIsKeptAndTheRestIsRun() throws Exception {
        Job fresh = job("grpo/fresh-1", 10, 0);
        Job finished = job("finished-1", 10, 0);
        Job broken = job("broken-1", 10, 0);
        Job unjudged = job("unjudged-1", 10, 0);
        TinyJob.main(finished.folder().toString(), "10", "500");
        TinyJob.main(broken.folder().toString(), "6", "300");
        TinyJob.main(unjudged.folder().toString(), "10", "500");
        Files.write(unjudged.folder().resolve("evaluation.csv"), List.of("step,level", "5,all")); // stopped before its last evaluation
        Job unsaved = job("unsaved-1", 10, 0);
        TinyJob.main(unsaved.folder().toString(), "10", "500");
        Files.writeString(unsaved.folder().resolve("checkpoint/state.json"), "{\"step\": 5}"); // killed before its last checkpoint
        for (Job job : List.of(finished, broken, unjudged, unsaved)) {
            Files.writeString(job.folder().resolve("ran.txt"), "before");
        }
        new Jobs(folder, 2).run(List.of(fresh, finished, broken, unjudged, unsaved));
        assertTrue(ran(fresh) && ran(broken) && ran(unjudged) && ran(unsaved));
        assertFalse(ran(finished));
        assertTrue(Files.exists(folder.resolve("logs/grpo-fresh-1.log")), "a log by name");
        assertFalse(Files.exists(folder.resolve("logs/finished-1.log")));
    }

    @Test
    void aRunThatIsToSampleSoManyTokensIsFinishedByThemAlone() throws Exception {
        Job reached = job("reached-1", 10, 500); // in fewer steps than were reckoned with
        Job short1 = job("short-1", 10, 500); // broken off at an evaluation, after more of them
        TinyJob.main(reached.folder().toString(), "7", "512");
        TinyJob.main(short1.folder().toString(), "12", "499");
        for (Job job : List.of(reached, short1)) {
            Files.writeString(job.folder().resolve("ran.txt"), "before");
        }
        new Jobs(folder, 1).run(List.of(reached, short1));
        assertFalse(ran(reached));
        assertTrue(ran(short1));
    }

    @Test
    void aJobThatWaitsForAnotherTakesNoPlace() throws Exception {
        Job beside = job("beside-1", 10, 0);
        Path out = folder.resolve("runs/first-1");
        Job first = new Job("first-1", out, List.of(TinyJob.class.getSimpleName(), out.toString(), "10", "512",
                beside.folder().resolve("ran.txt").toString()), 10, 0); // ends only when that runs
        Job then = new Job("then-1", folder.resolve("runs/then-1"), job("then-1", 10, 0).arguments(), 10, 0, "first-1");
        new Jobs(folder, 2).run(List.of(first, then, beside));
        assertTrue(ran(first) && ran(then) && ran(beside));
    }

    @Test
    void theFirstFailureEndsTheWholeAndSaysWhy() throws Exception {
        Path out = folder.resolve("bad");
        Job bad = new Job("bad-1", out, List.of(TinyJob.class.getSimpleName(), out.toString(), "fail"), 10, 0);
        IllegalStateException failed = assertThrows(IllegalStateException.class, () -> new Jobs(folder, 1).run(List.of(bad)));
        assertEquals("run bad-1 ended with status 2: x.jsonl: no such file", failed.getMessage());
    }

    private Job job(String name, int steps, long tokens) {
        Path out = folder.resolve("runs").resolve(name);
        return new Job(name, out, List.of(TinyJob.class.getSimpleName(), out.toString(), Integer.toString(steps), "512",
                "--evaluate-on", "problems.jsonl"), steps, tokens);
    }

    private static boolean ran(Job job) throws Exception {
        return Files.readString(job.folder().resolve("ran.txt")).equals("once");
    }
}

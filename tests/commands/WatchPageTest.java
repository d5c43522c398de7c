package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page to watch runs on, in a real browser; skipped where there is no Chromium. */
class WatchPageTest {

    private static final String HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
            + "\u202e\u001b[31m & \"'";

    @TempDir
    Path folder;
    @TempDir
    Path profile;

    private WatchServer server;
    private Browser browser;

    @BeforeEach
    void start() throws Exception {
        Optional<Path> chromium = Browser.installed();
        assumeTrue(chromium.isPresent(), "no chromium on the path: apt install chromium");
        run("lppo-1", "lppo", 20);
        run("grpo-1", "grpo", 20);
        server = new WatchServer(new WatchedRuns(List.of(folder)), 0);
        browser = Browser.start(chromium.get(), profile);
        browser.window(1280, 900, false);
    }

    @AfterEach
    void end() throws Exception {
        if (browser != null) {
            browser.close();
            server.close();
            browser.complaints.removeIf(said -> said.contains("willReadFrequently")); // of this test, which looks at pixels
            assertEquals(List.of(), browser.complaints, "the page complained, or asked for something elsewhere");
        }
    }

    private void run(String name, String recipe, int steps) throws IOException {
        Path run = Files.createDirectory(folder.resolve(name));
        Files.writeString(run.resolve("config.json"), "{\"recipe\": \"" + recipe + "\", \"steps\": 40}\n");
        Files.writeString(run.resolve("metrics.csv"), "step,sampled_tokens,pass_rate,guided_pass_rate,silent_share,loss,my_own,trouble\n");
        Files.writeString(run.resolve("evaluation.csv"),
                "step,sampled_tokens,level,problems,greedy,average\n0,0,3,4,0.5,\n0,0,all,4,0.25,\n");
        Files.writeString(run.resolve("problems.csv"), "step,problem,level,pass_rate,guided_pass_rate,ema,progress,weight,guided,beta\n");
        Files.writeString(run.resolve(".lock"), "");
        for (int step = 1; step <= steps; step++) {
            step(run, step);
        }
        sample(run, 1, "training", "p-1", "what is 1?", "", "the answer is 2", 0);
        sample(run, 2, "training", "p-2", HOSTILE, HOSTILE, HOSTILE, 1);
        sample(run, 3, "evaluation", "p-3", "what is 3?", "", "long ".repeat(40), 0.5);
    }

    private static void step(Path run, int step) throws IOException {
        append(run, "metrics.csv", "%d,%d,%s,,0.5,-0.001,3,\n".formatted(step, 100 * step, 0.2 + 0.01 * step));
        for (int problem = 1; problem <= 3; problem++) {
            boolean guided = problem == 2 && step % 2 == 0;
            append(run, "problems.csv", "%d,p-%d,%d,%s,%s,0.3,0,1.1,%d,%s\n".formatted(step, problem, problem, guided ? "" : "0.25", guided
                    ? "0.75" : "",
                    guided ? 1 : 0, guided ? "0.4" : "0.0"));
        }
    }

    private static void sample(Path run, int step, String kind, String problem, String question, String hint, String completion,
            double reward)
            throws IOException {
        JsonObject line = new JsonObject();
        line.addProperty("step", step);
        line.addProperty("kind", kind);
        line.addProperty("problem", problem);
        line.addProperty("question", question);
        line.addProperty("hint", hint);
        line.addProperty("completion", completion);
        line.addProperty("answer", HOSTILE);
        line.addProperty("reward", reward);
        line.addProperty("beta", hint.isEmpty() ? 0 : 0.4);
        line.addProperty("tokens", completion.length());
        line.addProperty("cut", false);
        append(run, "samples.jsonl", line + "\n");
    }

    private static void append(Path run, String name, String text) throws IOException {
        Files.writeString(run.resolve(name), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void open(String view) throws Exception {
        browser.open(server.address() + "#" + view);
        browser.until("document.querySelectorAll('#runs tr').length === 2 && document.getElementById('view-" + view
                + "').offsetHeight > 0");
    }

    private String row(int run) {
        return "document.querySelectorAll('#runs tr')[" + run + "].innerText";
    }

    @Test
    void curvesGrowWhileARunTrainsAndARunEnds() throws Exception {
        open("curves");
        browser.until(row(1) + ".includes('20 of 40') && " + row(1) + ".includes('running')");
        assertEquals(4, browser.value("document.querySelectorAll('figure:first-child path').length").getAsInt(),
                "each run and its smoothed line");
        String last = "document.querySelector('figure path:not(.raw)').getAttribute('d')";
        String before = browser.text(last);
        Path run = folder.resolve("grpo-1");
        append(run, "metrics.csv", "21,2100,0.9,,0.5,0");
        Thread.sleep(2000);
        assertTrue(browser.text(row(0)).contains("20 of 40"), "half a line is no step");
        append(run, "metrics.csv", ".5,3,\n");
        browser.until(row(0) + ".includes('21 of 40')");
        assertFalse(browser.text(last).equals(before), "the curve has grown");
        for (int step = 22; step <= 40; step++) {
            step(run, step);
        }
        Files.delete(run.resolve(".lock"));
        browser.until(row(0) + ".includes('finished')");
        run("later", "pg", 3);
        browser.until("document.querySelectorAll('#runs tr').length === 3");
        Files.writeString(run.resolve("metrics.csv"), Files.readString(run.resolve("metrics.csv")).lines().limit(11).reduce("", (a, b) -> a
                + b + "\n"));
        browser.until(row(0) + ".includes('10 of 40') && " + row(0) + ".includes('stopped')");
        server.close();
        browser.until("document.getElementById('link').className === 'lost'");
        assertTrue(browser.text("document.getElementById('link').innerText").startsWith("connection lost"));
        assertEquals(3, browser.value("document.querySelectorAll('#runs tr').length").getAsInt(), "what was read stays");
        browser.complaints.removeIf(said -> said.contains("ERR_CONNECTION_REFUSED"));
    }

    @Test
    void whatAModelWroteIsTextWithTheHintInAColourOfItsOwn() throws Exception {
        open("completions");
        browser.until("document.querySelectorAll('article').length === 6");
        assertEquals("Runs · LPPO", browser.text("document.title"));
        assertEquals(0, browser.value("document.querySelectorAll('main img, main script').length").getAsInt());
        String shown = browser.text("[...document.querySelectorAll('article')].find(a => a.innerText.includes('p-2')).innerText");
        assertTrue(shown.contains("<img src=x onerror=\"document.title='owned'\">") && shown.contains("␣␣[31m"), shown);
        assertEquals(2, browser.value("document.querySelectorAll('.hint').length").getAsInt());
        assertFalse(browser.text("getComputedStyle(document.querySelector('.hint')).color")
                .equals(browser.text("getComputedStyle(document.querySelector('.hint').parentElement).color")));
    }

    @Test
    void completionsAreFilteredAndSorted() throws Exception {
        open("completions");
        browser.until("document.querySelectorAll('article').length === 6");
        choose("read-guided", "yes", 2, "p-2");
        choose("read-guided", "no", 4, "p-3");
        choose("read-guided", "", 6, "p-3");
        choose("read-reward", "wrong", 2, "p-1");
        choose("read-reward", "part", 2, "p-3");
        choose("read-reward", "", 6, "p-3");
        choose("read-kind", "evaluation", 2, "p-3");
        choose("read-kind", "", 6, "p-3");
        choose("read-sort", "short", 6, "p-1");
        choose("read-sort", "long", 6, "p-3");
        choose("read-find", "ANSWER is 2", 2, "p-1");
        browser.open("about:blank");
        open("completions"); // a reload keeps what was chosen
        browser.until("document.querySelectorAll('article').length === 2");
        browser.value("document.querySelector('#runs input').click()");
        browser.until("document.querySelectorAll('article').length === 1");
    }

    private void choose(String id, String value, int count, String first) throws Exception {
        browser.value("(() => { const e = document.getElementById('" + id + "'); e.value = '" + value
                + "'; e.dispatchEvent(new Event('input'));"
                + " e.dispatchEvent(new Event('change')); })()");
        browser.until("document.querySelectorAll('article').length === " + count);
        assertTrue(browser.text("document.querySelector('article').innerText").contains(first), id + " " + value);
    }

    @Test
    void problemsAreStripsWithHintsMarkedAndLeadToTheirCompletions() throws Exception {
        open("problems");
        browser.until("field && field.rows.length === 3");
        assertTrue(browser.text("document.getElementById('legend').innerText").contains("guided"));
        assertEquals("[230,138,0]", pixel("p-2", 2), "a hint at step 2");
        assertFalse(pixel("p-2", 3).equals(pixel("p-2", 2)));
        String own = pixel("p-1", 3);
        browser.value("document.querySelector('input[value=weight]').click()");
        browser.until("document.getElementById('legend').innerText.startsWith('1.1')");
        assertFalse(pixel("p-1", 3).equals(own), "the weight has another colour");
        browser.value("document.getElementById('field').focus()");
        browser.key("ArrowDown");
        browser.key("ArrowDown");
        browser.key("ArrowRight");
        browser.until("document.getElementById('detail').innerText.includes('20 visits')");
        assertEquals("p-2", browser.text("document.querySelector('#detail h2').innerText"));
        assertEquals("2 – 0.75 1.10 0.40", browser.text("document.querySelector('#detail .here').innerText.replace(/\\s+/g, ' ').trim()"));
        browser.key("Enter");
        browser.until("location.hash === '#completions' && document.querySelectorAll('article').length === 2");
    }

    /** The colour at the beginning of a visit. */
    private String pixel(String problem, int step) {
        return browser
                .value("""
                (() => { const row = field.rows.findIndex(p => p.id === '%s'), s = devicePixelRatio;
                const d = document.getElementById('field').getContext('2d').getImageData((field.labels + (%d - 1) / field.last * \
                field.wide + 1.5) * s,
                    ((row + 0.5) * field.h - document.getElementById('scroll').scrollTop) * s, 1, 1).data; return \
                JSON.stringify([...d].slice(0, 3)); })()"""
                        .formatted(problem, step))
                .getAsString();
    }

    @Test
    void everythingIsReachedByTheKeyboardAndTheCurrentViewIsTold() throws Exception {
        open("curves");
        browser.until("document.querySelectorAll('figure:not([hidden]) svg').length >= 4");
        StringBuilder reached = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            browser.key("Tab");
            reached.append(browser.text("document.activeElement.tagName + ' ' + (document.activeElement.name || document.activeElement.id"
                    + " || document.activeElement.innerText || document.activeElement.type || '') + ', '"));
        }
        for (String wanted : List.of("A Curves", "A Problems", "A Completions", "INPUT checkbox", "INPUT axis", "INPUT smooth",
                "SELECT more", "svg")) {
            assertTrue(reached.toString().contains(wanted), wanted + " in " + reached);
        }
        browser.value("document.querySelector('figure svg').focus()");
        browser.key("ArrowLeft");
        browser.until("document.querySelector('figure .now').innerText.includes('step 19')");
        browser.key("Escape");
        browser.until("!document.querySelector('figure .now').innerText.includes('step')");
        browser.value("document.querySelector('nav a[href=\"#problems\"]').focus()");
        browser.key("Enter");
        browser.until("document.querySelector('nav [aria-current]').innerText === 'Problems'");
        assertEquals(0,
                browser.value(
                        "[...document.querySelectorAll('input, select, canvas, svg[tabindex]')].filter(e => !(e.labels && e.labels.length)"
                                + " && !e.getAttribute('aria-label') && e.offsetParent).length")
                        .getAsInt(),
                "all have names");
    }

    @Test
    void narrowAndWideLightAndDarkNothingSticksOutAndTextCanBeRead() throws Exception {
        for (int width : new int[] {1280, 400}) {
            for (boolean dark : new boolean[] {false, true}) {
                browser.window(width, 860, dark);
                for (String view : List.of("curves", "problems", "completions")) {
                    browser.open("about:blank");
                    open(view);
                    browser.until("document.querySelector('#view-" + view + "').offsetHeight > 100");
                    String where = view + " at " + width + (dark ? ", dark" : ", light");
                    assertTrue(browser.value("document.documentElement.scrollWidth <= innerWidth").getAsBoolean(), where
                            + " is wider than the window");
                    double contrast = browser.value(CONTRAST).getAsDouble();
                    assertTrue(contrast >= 4.5, where + ": a text has a contrast of " + contrast + " only");
                }
            }
        }
    }

    /** The least contrast of a text that is shown to the paper behind it, as the guidelines for accessible pages define it. */
    private static final String CONTRAST = """
            (() => {
              const light = text => { const c = text.match(/[\\d.]+/g).slice(0, 3).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : \
            ((v + 0.055) / 1.055) ** 2.4; });
                return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; };
              let least = 99;
              for (const e of document.querySelectorAll('body *')) {
                if (!e.offsetParent || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
                let behind = e;
                while (behind && getComputedStyle(behind).backgroundColor.match(/, 0\\)$/)) behind = behind.parentElement;
                const a = light(getComputedStyle(e).color), b = light(getComputedStyle(behind || document.documentElement).backgroundColor);
                least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
              }
              return least;
            })()""";
}

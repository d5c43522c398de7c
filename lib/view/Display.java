package view;

import common.OneLine;
import java.awt.GraphicsEnvironment;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.swing.ImageIcon;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.SwingUtilities;
import javax.swing.WindowConstants;
import tech.tablesaw.api.Table;

/**
 * A notebook's {@code display} for a shell: a picture opens a window, or is written to a file if there is no screen; anything else is
 * printed. {@code ./jbang shell} defines {@code display}, {@code render} and
 * {@code updateDisplay} with it, so that code of a notebook works there.
 */
public final class Display {

    private final Path folder;
    private final boolean windows;
    private final Map<String, JLabel> shown = new ConcurrentHashMap<>();
    private int count;

    /**
     * Creates a display.
     *
     * @param folder for pictures and pages without a window; created on first use
     * @param windows whether to open windows
     */
    public Display(Path folder, boolean windows) {
        this.folder = folder;
        this.windows = windows;
    }

    /** Creates a display with windows if there is a screen, else with files in the folder. */
    public static Display on(Path folder) {
        return new Display(folder, !GraphicsEnvironment.isHeadless());
    }

    /** Shows a value and returns an id to {@link #update} it with. */
    public String show(Object value) {
        String id = "display-" + ++count;
        update(id, value);
        return id;
    }

    /** Shows a text of a MIME type; {@code text/html} is written to a file for a browser. */
    public String show(Object value, String type) {
        String id = "display-" + ++count;
        update(id, value, type);
        return id;
    }

    /** Prints a table or a text, which may come from a model or another untrusted source. */
    public static void print(Object value) {
        System.out.println(OneLine.text(value instanceof Table table ? table.print() : String.valueOf(value)));
    }

    /** Shows another value in place of an earlier one. */
    public void update(String id, Object value) {
        if (!(value instanceof BufferedImage image)) {
            print(value);
        } else if (windows) {
            SwingUtilities.invokeLater(() -> shown.computeIfAbsent(id, Display::window).setIcon(new ImageIcon(image)));
        } else {
            write(id + ".png", file -> Charts.write(image, file));
        }
    }

    /** Shows another text of a MIME type in place of an earlier value. */
    public void update(String id, Object value, String type) {
        if (type.equals("text/html")) {
            write(id + ".html", file -> Files.writeString(file, "<!doctype html><meta charset=\"utf-8\">" + value + "\n"));
        } else {
            update(id, value);
        }
    }

    private static JLabel window(String title) {
        JFrame frame = new JFrame(title);
        JLabel label = new JLabel();
        frame.setDefaultCloseOperation(WindowConstants.DISPOSE_ON_CLOSE);
        frame.add(label);
        frame.setSize(920, 620);
        frame.setVisible(true);
        return label;
    }

    private void write(String name, Writer writer) {
        Path file = folder.resolve(name);
        try {
            Files.createDirectories(folder);
            writer.write(file);
            System.out.println("wrote " + file);
        } catch (IOException e) {
            System.out.println(file + ": cannot be written (" + e.getMessage() + ")");
        }
    }

    @FunctionalInterface
    private interface Writer {
        void write(Path file) throws IOException;
    }
}

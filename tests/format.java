///usr/bin/env jbang "$0" "$@" ; exit $?
//DEPS org.eclipse.jdt:org.eclipse.jdt.core:3.40.0
//DEPS info.picocli:picocli:4.7.7
//JAVA_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.eclipse.jdt.core.JavaCore;
import org.eclipse.jdt.core.ToolFactory;
import org.eclipse.jdt.core.formatter.CodeFormatter;
import org.eclipse.jdt.core.formatter.DefaultCodeFormatterConstants;
import org.eclipse.jface.text.BadLocationException;
import org.eclipse.jface.text.Document;
import org.eclipse.text.edits.TextEdit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Formats the Java files of this checkout in place, with Eclipse's formatter: indentation, blanks, blank lines and braces, and lines
 * of at most {@value #WIDTH} characters. Line breaks that are there stay, so that a hand may choose where to wrap; comments and text
 * blocks are not touched. What has no place to wrap, a long string or comment, is named for a hand to split.
 */
@Command(name = "format", description = "Formats the Java files of lib, tests and notebooks/examples in place.",
        footer = {"", "Examples:", "  ./jbang format            # format what is not formatted",
            "  ./jbang format --check    # change nothing, name what is not formatted"})
public class format implements Callable<Integer> {
    private static final int WIDTH = 140;
    private static final int MAX_PASSES = 5;
    private static final List<Path> FOLDERS = List.of(Path.of("lib"), Path.of("tests"), Path.of("notebooks", "examples"));

    /** What differs from Eclipse's settings for the Java conventions: 16 wraps where necessary, 0 never. */
    private static final String SETTINGS = """
            tabulation.char=space
            tabulation.size=4
            indentation.size=4
            continuation_indentation=2
            continuation_indentation_for_array_initializer=1
            lineSplit=%d
            join_wrapped_lines=false
            join_lines_in_comments=false
            comment.format_javadoc_comments=false
            comment.format_block_comments=false
            comment.format_line_comments=false
            comment.format_header=false
            text_block_indentation=3
            number_of_empty_lines_to_preserve=1
            insert_space_after_opening_brace_in_array_initializer=do not insert
            insert_space_before_closing_brace_in_array_initializer=do not insert
            insert_space_before_opening_brace_in_array_initializer=insert
            indent_switchstatements_compare_to_switch=true
            alignment_for_conditional_expression=16
            alignment_for_conditional_expression_chain=16
            alignment_for_arguments_in_annotation=16
            alignment_for_bitwise_operator=0
            alignment_for_switch_case_with_arrow=0
            keep_type_declaration_on_one_line=one_line_if_empty
            keep_record_declaration_on_one_line=one_line_if_empty
            keep_record_constructor_on_one_line=one_line_if_empty
            keep_annotation_declaration_on_one_line=one_line_if_empty
            keep_anonymous_type_declaration_on_one_line=one_line_if_empty
            keep_enum_declaration_on_one_line=one_line_preserve
            keep_method_body_on_one_line=one_line_if_empty
            keep_code_block_on_one_line=one_line_if_empty
            keep_loop_body_block_on_one_line=one_line_if_empty
            keep_switch_body_block_on_one_line=one_line_if_empty
            keep_switch_case_with_arrow_on_one_line=one_line_if_empty
            keep_lambda_body_block_on_one_line=one_line_preserve
            keep_imple_if_on_one_line=true
            keep_then_statement_on_same_line=true
            keep_simple_for_body_on_same_line=true
            keep_simple_while_body_on_same_line=true
            """.formatted(WIDTH);

    @Option(names = "--check", description = "Change nothing; name what is not formatted, with status 1 if anything is not.")
    boolean check;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    public static void main(String... args) {
        System.exit(new CommandLine(new format()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        if (!FOLDERS.stream().allMatch(Files::isDirectory)) {
            System.err.println("format: " + FOLDERS + " are not all here; run it in the root of a checkout");
            return 2;
        }
        CodeFormatter formatter = ToolFactory.createCodeFormatter(settings(), ToolFactory.M_FORMAT_EXISTING);
        int changed = 0;
        int wrong = 0;
        for (Path file : files()) {
            String source = Files.readString(file);
            String formatted = formatted(formatter, source);
            if (formatted == null) {
                System.out.println(file + ": cannot be read as Java 17");
                wrong++;
                continue;
            }
            if (!formatted.equals(source)) {
                System.out.println(file + (check ? ": is not formatted" : ": formatted"));
                changed++;
                if (!check) Files.writeString(file, formatted);
            }
            List<String> lines = formatted.lines().toList();
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).length() > WIDTH) {
                    System.out.printf("%s:%d: has %d characters, more than %d, and no place to wrap: split it by hand%n", file, i + 1,
                            lines.get(i).length(), WIDTH);
                    wrong++;
                }
            }
        }
        System.out.println(
                changed == 0 && wrong == 0 ? "all is formatted" : changed + (check ? " files are not formatted" : " files formatted")
                        + (check && changed > 0 ? ": run ./jbang format" : "") + (wrong > 0 ? ", " + wrong + " places need a hand" : ""));
        return wrong > 0 || check && changed > 0 ? 1 : 0;
    }

    private static List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path folder : FOLDERS) {
            try (Stream<Path> all = Files.walk(folder)) {
                all.filter(file -> file.toString().endsWith(".java")).sorted().forEach(files::add);
            }
        }
        return files;
    }

    private static Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(DefaultCodeFormatterConstants.getJavaConventionsSettings());
        JavaCore.setComplianceOptions(JavaCore.VERSION_17, settings);
        SETTINGS.lines().map(line -> line.split("=")).forEach(pair -> {
            if (settings.put("org.eclipse.jdt.core.formatter." + pair[0], pair[1]) == null) {
                throw new IllegalStateException("the formatter has no setting " + pair[0]);
            }
        });
        return settings;
    }

    /** Formatted until nothing changes any more, so that what is formatted stays as it is; null if it is no Java. */
    private static String formatted(CodeFormatter formatter, String source) {
        String before = source;
        for (int pass = 0; pass < MAX_PASSES; pass++) {
            TextEdit edit = formatter.format(CodeFormatter.K_COMPILATION_UNIT | CodeFormatter.F_INCLUDE_COMMENTS, before, 0,
                    before.length(), 0, "\n");
            if (edit == null) {
                return null;
            }
            Document document = new Document(before);
            try {
                edit.apply(document);
            } catch (BadLocationException e) {
                throw new IllegalStateException(e);
            }
            if (document.get().equals(before)) {
                return before;
            }
            before = document.get();
        }
        throw new IllegalStateException("formatting does not end");
    }
}

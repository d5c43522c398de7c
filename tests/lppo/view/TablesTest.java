package lppo.view;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

class TablesTest {

    @Test
    void htmlIsEscaped() { // a completion is text from a model: never markup
        Table table = Table.create("t", StringColumn.create("a<b", "<script>alert(\"1\")</script> & so"), DoubleColumn.create("n", 0.5));
        assertEquals("<table><thead><tr><th>a&lt;b</th><th>n</th></tr></thead><tbody><tr><td style=\"text-align:left\">"
                + "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; so</td><td style=\"text-align:right\">0.5</td></tr>"
                + "</tbody></table>", Tables.html(table));
    }
}

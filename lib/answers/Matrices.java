package answers;

import answers.Node.Call;
import answers.Node.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Sums, products and powers of matrices, written out. */
final class Matrices {

    private static final int MAX_CELLS = 400;

    private Matrices() {}

    /** The node with its sums and products of matrices carried out. */
    static Node evaluate(Node node) {
        if (!(node instanceof Call call) || !node.any(part -> part instanceof Matrix)) {
            return node;
        }
        List<Node> args = call.args().stream().map(Matrices::evaluate).toList();
        Node a = args.get(0);
        Node b = args.size() > 1 ? args.get(1) : null;
        if (call.op().equals("neg") && a instanceof Matrix m) {
            return scaled(m, Node.integer(-1), false);
        } else if (call.op().equals("+") && a instanceof Matrix x && b instanceof Matrix y && sameShape(x, y)) {
            return sum(x, y);
        } else if (call.op().equals("*") && a instanceof Matrix x && b instanceof Matrix y
                && x.rows().get(0).size() == y.rows().size() && x.cells().size() <= MAX_CELLS && y.cells().size() <= MAX_CELLS) {
            return product(x, y);
        } else if (call.op().equals("*") && (a instanceof Matrix) != (b instanceof Matrix)) {
            return a instanceof Matrix m ? scaled(m, b, false) : scaled((Matrix) b, a, false);
        } else if (call.op().equals("/") && a instanceof Matrix m && !(b instanceof Matrix)) {
            return scaled(m, b, true);
        } else if (call.op().equals("^") && a instanceof Matrix m && (b.equals(new Node.Sym("T")) || b.equals(new Node.Sym("top")))) {
            return transposed(m);
        }
        return new Call(call.op(), args);
    }

    static boolean sameShape(Matrix a, Matrix b) {
        return a.rows().size() == b.rows().size() && a.rows().get(0).size() == b.rows().get(0).size();
    }

    private static Matrix scaled(Matrix m, Node factor, boolean divide) {
        return new Matrix(m.rows().stream().map(row -> row.stream()
                .map(cell -> Node.call(divide ? "/" : "*", cell, factor)).toList()).toList());
    }

    private static Matrix sum(Matrix a, Matrix b) {
        List<List<Node>> rows = new ArrayList<>();
        for (int i = 0; i < a.rows().size(); i++) {
            List<Node> row = new ArrayList<>();
            for (int j = 0; j < a.rows().get(i).size(); j++) {
                row.add(Node.call("+", a.rows().get(i).get(j), b.rows().get(i).get(j)));
            }
            rows.add(List.copyOf(row));
        }
        return new Matrix(List.copyOf(rows));
    }

    private static Matrix product(Matrix a, Matrix b) {
        List<List<Node>> rows = new ArrayList<>();
        for (List<Node> left : a.rows()) {
            List<Node> row = new ArrayList<>();
            for (int j = 0; j < b.rows().get(0).size(); j++) {
                Node cell = null;
                for (int k = 0; k < left.size(); k++) {
                    Node term = Node.call("*", left.get(k), b.rows().get(k).get(j));
                    cell = cell == null ? term : Node.call("+", cell, term);
                }
                row.add(cell);
            }
            rows.add(List.copyOf(row));
        }
        return new Matrix(List.copyOf(rows));
    }

    private static Matrix transposed(Matrix m) {
        List<List<Node>> rows = new ArrayList<>();
        for (int j = 0; j < m.rows().get(0).size(); j++) {
            int column = j;
            rows.add(m.rows().stream().map(row -> row.get(column)).toList());
        }
        return new Matrix(List.copyOf(rows));
    }

    /** A matrix written as a list of rows: [[1, 2], [3, 4]]. */
    static Optional<Matrix> listed(Node node) {
        List<List<Node>> rows = row(node).stream().map(Matrices::row).toList();
        boolean even = rows.size() > 1 && !rows.get(0).isEmpty() && rows.stream().allMatch(row -> row.size() == rows.get(0).size());
        return even ? Optional.of(new Matrix(rows)) : Optional.empty();
    }

    private static List<Node> row(Node node) {
        return node instanceof Node.Interval || node instanceof Node.Sequence sequence && sequence.kind() == Node.Kind.TUPLE ? node.parts()
                : List.of();
    }
}

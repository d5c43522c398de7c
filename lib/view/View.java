package view;

//DEPS tech.tablesaw:tablesaw-core:0.44.4
//DEPS org.knowm.xchart:xchart:4.0.3
//SOURCES Charts.java
//SOURCES Curve.java
//SOURCES Display.java
//SOURCES Tables.java

/**
 * Sources and dependencies for showing values as charts and tables. A script includes them beside {@code Lppo.java} with
 * {@code //SOURCES ../lib/view/View.java}.
 */
public final class View {
    private View() {}
}

package view;

//DEPS tech.tablesaw:tablesaw-core:0.44.4
//DEPS org.knowm.xchart:xchart:4.0.3
//SOURCES Charts.java
//SOURCES Curve.java
//SOURCES Display.java
//SOURCES Tables.java

/**
 * What a script includes beside {@code Lppo.java}, by {@code //SOURCES ../lib/view/View.java}, to show values as charts and tables.
 */
public final class View {
    private View() {}
}

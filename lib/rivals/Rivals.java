package rivals;

//SOURCES DecayingPrefix.java
//SOURCES EarlierWeighting.java
//SOURCES ProgressFilter.java
//SOURCES ProgressSelection.java
//SOURCES RankedWeighting.java
//SOURCES RivalRecipes.java
//SOURCES SearchedRollout.java
//SOURCES VarianceWeighting.java
//SOURCES Weightings.java

/** Sources of the alternatives to the paper's weights and hints, for scripts that include the library. */
public final class Rivals {
    private Rivals() {}
}

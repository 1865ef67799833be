package io.finback.nodeagent.executor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RightsTest {
    private static final String ALL = "000001ffffffffff";
    private static final String FEW = "00000000000000eb";
    private static final String NONE = "0000000000000000";
    private static final Rights AGENT = new Rights("0", "0", "-", ALL, ALL, false);

    @Test
    void whatIsTheSameIsNotSaid() {
        assertThat(AGENT.wordsFor(AGENT)).isEmpty();
        Rights unprivileged = new Rights("5", "5", "-", ALL, NONE, true);
        assertThat(unprivileged.wordsFor(unprivileged)).containsExactly("nnp");
    }

    @Test
    void aTaskOfRootHasItsBoundAlsoTheMomentBeforeItIsItsCommand() {
        assertThat(new Rights("0", "0", "-", FEW, FEW, true).wordsFor(AGENT)).containsExactly("bound", FEW, "nnp");
        assertThat(new Rights("0", "0", "-", FEW, ALL, true).wordsFor(AGENT)).containsExactly("bound", FEW, "nnp");
    }

    @Test
    void rootWithLessAndOthersWithMoreAreGivenWhatTheyHave() {
        assertThat(new Rights("0", "0", "-", FEW, NONE, false).wordsFor(AGENT))
                .containsExactly("bound", FEW, "caps", NONE);
        assertThat(new Rights("7", "8", "8,9", FEW, "0000000000000001", false).wordsFor(AGENT))
                .containsExactly("bound", FEW, "caps", "0000000000000001", "uid", "7", "8", "8,9");
    }
}

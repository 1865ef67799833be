package io.finback.verification.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule holds for what is shipped, and can still fail. */
class ArchitectureTest {
    private static JavaClasses shipped;

    @BeforeAll
    static void readClasses() {
        shipped = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.finback");
    }

    static Stream<Rule> rules() {
        return Rules.all().stream();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void holds(Rule rule) {
        rule.rule().check(shipped);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void canFail(Rule rule) {
        JavaClasses culprits = new ClassFileImporter().importClasses(rule.culprits());
        assertThatThrownBy(() -> rule.rule().check(culprits))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(rule.culprits().get(0).getSimpleName());
    }

    @Test
    void everyModuleIsRead() {
        for (String room : new String[] {"resources", "wire", "runtime", "persistence", "controlplane.framework"}) {
            assertThat(shipped.stream().filter(type -> type.getPackageName().equals("io.finback." + room)))
                    .as(room)
                    .isNotEmpty();
        }
        assertThat(shipped.stream().filter(type -> type.getSimpleName().equals("Circle")))
                .isEmpty();
    }
}

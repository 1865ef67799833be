package io.finback.nodeagent;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.Instant;
import java.util.UUID;

/** Directions inside the agent: boot above api above node above what does the work; {@code task} is pure. */
@AnalyzeClasses(packages = "io.finback.nodeagent", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule taskIsPure = noClasses()
            .that()
            .resideInAPackage("io.finback.nodeagent.task")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "akka..",
                    "scala..",
                    "org.slf4j..",
                    "com.typesafe..",
                    "com.fasterxml..",
                    "java.io..",
                    "java.net..",
                    "java.nio..",
                    "java.util.concurrent..");

    @ArchTest
    static final ArchRule taskAsksNoClock = noClasses()
            .that()
            .resideInAPackage("io.finback.nodeagent.task")
            .should()
            .callMethod(Instant.class, "now")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(UUID.class, "randomUUID")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Clock.class);

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("io.finback.nodeagent.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule whatDoesTheWorkKnowsNoActors = noClasses()
            .that()
            .resideInAnyPackage("..containerizer..", "..executor..", "..checkpoint..", "..machine..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("akka..", "..nodeagent.node..", "..nodeagent.api..", "..nodeagent.boot..");

    @ArchTest
    static final ArchRule configurationStopsAtBoot = noClasses()
            .that()
            .resideOutsideOfPackage("..nodeagent.boot..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.typesafe.config..", "..nodeagent.boot..");
}

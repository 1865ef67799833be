package io.finback.meshrouter;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may know whom. */
@AnalyzeClasses(packages = "io.finback.meshrouter", importOptions = DoNotIncludeTests.class)
class RoomsTest {
    @ArchTest
    static final ArchRule pure = noClasses()
            .that()
            .resideInAnyPackage("..names..", "..balance..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "akka..",
                    "io.netty..",
                    "org.slf4j..",
                    "java.net..",
                    "java.nio.file..",
                    "com.typesafe..",
                    "..http..");

    @ArchTest
    static final ArchRule dataPathKnowsNothingOfOurs = noClasses()
            .that()
            .resideInAPackage("..meshrouter.http..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "akka..",
                    "..router..boot..",
                    "io.finback.meshrouter.router..",
                    "io.finback.wire..",
                    "io.finback.runtime..");

    @ArchTest
    static final ArchRule configIsReadInBootOnly = noClasses()
            .that()
            .resideOutsideOfPackage("..boot..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.typesafe.config..");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("io.finback.meshrouter.(*)..").should().beFreeOfCycles();
}

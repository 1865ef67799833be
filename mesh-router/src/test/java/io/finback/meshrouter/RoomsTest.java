package io.finback.meshrouter;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
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

    /** Any JVM program may use it, so it brings nothing along but Netty. */
    @ArchTest
    static final ArchRule rpcStandsAlone = noClasses()
            .that()
            .resideInAnyPackage("..meshrouter.rpc..", "..meshrouter.balance..", "..meshrouter.resilience..")
            .should()
            .dependOnClassesThat(JavaClass.Predicates.resideOutsideOfPackages(
                    "java..",
                    "javax.net.ssl..",
                    "io.netty..",
                    "org.jspecify..",
                    "com.google.errorprone.annotations..",
                    "org.apache.thrift..",
                    "io.finback.meshrouter.rpc..",
                    "io.finback.meshrouter.balance..",
                    "io.finback.meshrouter.resilience.."));

    /** Only adapters of generated code know Thrift's library: it is optional. */
    @ArchTest
    static final ArchRule libthriftIsOptional = noClasses()
            .that()
            .resideInAPackage("..meshrouter..")
            .and()
            .resideOutsideOfPackage("..meshrouter.rpc.thrift.generated..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.thrift..");

    /** So that nothing of it is loaded, and no thread of it starts, without a namer that needs it. */
    @ArchTest
    static final ArchRule zookeeperIsOneClass = noClasses()
            .that()
            .resideInAPackage("..meshrouter..")
            .and()
            .haveNameNotMatching(".*ZkSession.*")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.zookeeper..");

    @ArchTest
    static final ArchRule roomsOfPureDecisions = noClasses()
            .that()
            .resideInAnyPackage("..meshrouter.balance..", "..meshrouter.resilience..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.finback.meshrouter.rpc..", "io.netty..");

    @ArchTest
    static final ArchRule noCyclesInRpc =
            slices().matching("io.finback.meshrouter.rpc.(*)..").should().beFreeOfCycles();

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

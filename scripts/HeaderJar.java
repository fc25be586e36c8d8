import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.classfile.AccessFlags;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.Interfaces;
import java.lang.classfile.MethodBuilder;
import java.lang.classfile.MethodElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Superclass;
import java.lang.classfile.attribute.InnerClassesAttribute;
import java.lang.classfile.attribute.PermittedSubclassesAttribute;
import java.lang.classfile.attribute.RecordAttribute;
import java.lang.classfile.attribute.RuntimeVisibleAnnotationsAttribute;
import java.lang.classfile.attribute.SignatureAttribute;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Writes what a jar promises to those who compile against it: its classes with their public and
 * protected members, without any code. The same jar gives the same bytes.
 *
 * <p>{@code java HeaderJar.java JAR HEADERS}
 */
final class HeaderJar {

  /** Names that stay out whatever their access is. */
  private static final String INTERNAL = "/internal/";

  private static final ClassFile CLASS_FILES =
      ClassFile.of(
          ClassFile.ConstantPoolSharingOption.NEW_POOL, ClassFile.DebugElementsOption.DROP_DEBUG);

  public static void main(String[] arguments) throws IOException {
    TreeMap<String, byte[]> headers = new TreeMap<>();
    try (ZipFile jar = new ZipFile(arguments[0])) {
      for (ZipEntry entry : jar.stream().filter(HeaderJar::isClass).toList()) {
        ClassModel model = CLASS_FILES.parse(jar.getInputStream(entry).readAllBytes());
        if (!isLocal(model)) {
          headers.put(entry.getName(), header(model));
        }
      }
    }
    try (var out =
        new ZipOutputStream(
            new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[1]))))) {
      for (var header : headers.entrySet()) {
        ZipEntry entry = new ZipEntry(header.getKey());
        entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
        out.putNextEntry(entry);
        out.write(header.getValue());
      }
    }
  }

  private static boolean isClass(ZipEntry entry) {
    String name = entry.getName();
    return name.endsWith(".class")
        && !name.endsWith("-info.class")
        && !name.startsWith("META-INF/")
        && !name.contains(INTERNAL);
  }

  private static boolean isLocal(ClassModel model) {
    return model.flags().has(AccessFlag.SYNTHETIC)
        || model.findAttribute(Attributes.enclosingMethod()).isPresent();
  }

  private static byte[] header(ClassModel model) {
    return CLASS_FILES.build(
        model.thisClass().asSymbol(), header -> model.forEach(element -> take(element, header)));
  }

  private static void take(ClassElement element, ClassBuilder header) {
    switch (element) {
      case FieldModel field when visible(field.flags().flagsMask()) -> header.with(field);
      case MethodModel method when visible(method.flags().flagsMask()) ->
          header.withMethod(
              method.methodName(),
              method.methodType(),
              method.flags().flagsMask(),
              bare -> method.forEach(part -> takeUnlessCode(part, bare)));
      case AccessFlags _,
          ClassFileVersion _,
          InnerClassesAttribute _,
          Interfaces _,
          PermittedSubclassesAttribute _,
          RecordAttribute _,
          RuntimeVisibleAnnotationsAttribute _,
          SignatureAttribute _,
          Superclass _ ->
          header.with(element);
      default -> {}
    }
  }

  private static void takeUnlessCode(MethodElement part, MethodBuilder bare) {
    if (!(part instanceof CodeModel)) {
      bare.with(part);
    }
  }

  private static boolean visible(int flags) {
    return (flags & (ClassFile.ACC_PUBLIC | ClassFile.ACC_PROTECTED)) != 0
        && (flags & ClassFile.ACC_SYNTHETIC) == 0;
  }
}

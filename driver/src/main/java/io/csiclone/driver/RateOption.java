package io.csiclone.driver;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Bytes a second as they are typed: {@code 200M}. */
final class RateOption implements ITypeConverter<Long> {

  private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,8})([KMGT]?)");

  @Override
  public Long convert(String value) {
    Matcher form = FORM.matcher(value);
    if (!form.matches()) {
      throw new TypeConversionException(
          "'" + value + "' is no rate; write 1 to 9 digits and K, M, G or T, for instance 200M");
    }
    int power = "KMGT".indexOf(form.group(2));
    long unit = form.group(2).isEmpty() ? 1 : 1L << 10 * (power + 1);
    return Long.parseLong(form.group(1)) * unit;
  }
}

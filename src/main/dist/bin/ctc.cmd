@echo off
rem ctc: the command line of ctc4j, from the jars in lib beside this folder.
rem
rem CTC_JAVA_OPTS   options for the JVM, -Xmx8g for example
rem JAVA_HOME       the Java, 17 or newer, if not the one on the PATH
setlocal
set "java=java.exe"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java.exe"
"%java%" -version >nul 2>&1
if errorlevel 1 (
  echo ctc: no Java found: install one, 17 or newer, and set JAVA_HOME>&2
  exit /b 3
)
rem the property is what --sun-misc-unsafe-memory-access, which Java 17 does not know, sets
"%java%" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Dsun.misc.unsafe.memory.access=allow %CTC_JAVA_OPTS% -cp "%~dp0..\lib\*" org.ctc4j.cli.Main %*
exit /b %errorlevel%

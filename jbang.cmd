@echo off
rem Runs JBang: the installed one, else the pinned one through Maven, else the one JBang's installer brings.
rem The counterpart of the shell script jbang beside it, which has the comments.
setlocal
set "version=0.132.1"
set "home=%JBANG_DIR%"
if not defined home set "home=%USERPROFILE%\.jbang"
if not defined LPPO_LIBTORCH set "LPPO_LIBTORCH=win-x86_64"

rem A command is run by the file of all, which knows data and export-gguf too. With a path or an ending it is a script.
set arguments=%*
set "command=%~1"
if defined command for %%N in ("%command%") do if not "%%~nN"=="%command%" set "command="
if "%command%"=="data" set "command=dataset"
if "%command%"=="export-gguf" set "command=gguf"
if defined command if exist "%~dp0lib\commands\%command%.java" set arguments=run "%~dp0lib\commands\main.java" %*

rem An installed JBang, unless it is this very file.
for %%J in (jbang.exe jbang.cmd) do for %%F in ("%%~$PATH:J" "%home%\bin\%%J") do (
  if exist "%%~F" if /i not "%%~F"=="%~f0" set "installed=%%~F"
)
if defined installed goto :installed

set "java=java.exe"
if exist "%JAVA_HOME%\bin\java.exe" set "java=%JAVA_HOME%\bin\java.exe"
set "major="
for /f "tokens=3" %%V in ('call "%java%" -version 2^>^&1 ^| findstr /c:" version "') do for /f "delims=.-" %%M in ("%%~V") do set "major=%%M"
if not defined major goto :installer
if %major% LSS 17 (
  echo jbang: found Java %major%, but a JDK 17 or newer is needed: set JAVA_HOME to one 1>&2
  exit /b 1
)

set "name=jbang-cli-%version%-all.jar"
set "jar=%home%\wrapper\%name%"
if not exist "%jar%" set "jar=%USERPROFILE%\.m2\repository\dev\jbang\jbang-cli\%version%\%name%"
if exist "%jar%" goto :run
set "jar=%home%\wrapper\%name%"
where /q mvn || goto :installer
echo jbang: fetching JBang %version% with Maven, once 1>&2
call mvn -q -B dependency:copy "-Dartifact=dev.jbang:jbang-cli:%version%:jar:all" "-DoutputDirectory=%home%\wrapper" <nul 1>&2
if not exist "%jar%" goto :installer

:run
rem JBang builds the script and prints the command that runs it; its status 255 says so.
set "JBANG_RUNTIME_SHELL=cmd"
set "JBANG_NO_VERSION_CHECK=true"
set "JBANG_LAUNCH_CMD=%~f0"
2>nul >nul timeout /t 0 && (set JBANG_STDIN_NOTTY=false) || (set JBANG_STDIN_NOTTY=true)
set "out=%TEMP%\jbang-%RANDOM%%RANDOM%.txt"
"%java%" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 %JBANG_JAVA_OPTIONS% -jar "%jar%" %arguments% >"%out%"
set "status=%ERRORLEVEL%"
if not "%status%"=="255" (
  type "%out%"
  del /q "%out%"
  exit /b %status%
)
for /f "usebackq delims=" %%C in ("%out%") do set "command=%%C"
del /q "%out%"
%command%
exit /b %ERRORLEVEL%

:installer
echo jbang: no Java 17 with Maven found: fetching JBang with its own installer, once 1>&2
powershell -NoProfile -ExecutionPolicy Bypass -Command "$env:JBANG_DOWNLOAD_VERSION='%version%'; iex \"& { $(iwr -useb https://ps.jbang.dev) } version\"" >nul
set "installed=%home%\bin\jbang.cmd"
if not exist "%installed%" (
  echo jbang: could not: install a JDK 17 or newer and Maven, then try again 1>&2
  exit /b 1
)

:installed
"%installed%" %arguments%

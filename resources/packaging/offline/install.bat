@echo off
rem Installs Nutshell from this folder, without administrator's rights and without a network: install.bat [DIR]
rem DIR is where to (default: %LOCALAPPDATA%\Programs\Nutshell). Written for Windows 10 and newer; not tried yet.
setlocal
cd /d "%~dp0"
set "to=%~1"
if "%to%"=="" set "to=%LOCALAPPDATA%\Programs\Nutshell"
for /f "usebackq tokens=*" %%v in (`powershell -NoProfile -Command "(Get-Content made-for.json | ConvertFrom-Json).python"`) do set "wanted=%%v"
py -%wanted% -c "" 2>nul || (echo These wheels are for Python %wanted%, which is not here; install it and run this again.& exit /b 3)
if exist "%to%" if not exist "%to%\made-for.json" (echo %to% is there and is no Nutshell; name another folder.& exit /b 3)
py -%wanted% -m venv --clear "%to%\venv" || (echo The environment could not be made in %to%.& exit /b 3)
"%to%\venv\Scripts\python" -m pip install -q --disable-pip-version-check --no-index --find-links wheels --require-hashes -r requirements.lock || (echo The packages were not installed; copy the folder here again.& exit /b 3)
xcopy /e /i /q /y program "%to%\program" >nul || (echo The program could not be copied to %to%.& exit /b 3)
copy /y made-for.json "%to%" >nul
> "%to%\nutshell.bat" echo @"%to%\venv\Scripts\python" "%to%\program\main.py" %%*
powershell -NoProfile -Command "$link = (New-Object -ComObject WScript.Shell).CreateShortcut([Environment]::GetFolderPath('Programs') + '\Nutshell.lnk'); $link.TargetPath = '%to%\venv\Scripts\pythonw.exe'; $link.Arguments = '\"%to%\program\main.py\"'; $link.Save()"
echo Nutshell is installed in %to%. The demo:
call "%to%\nutshell.bat" run "%to%\program\resources\recipes\demo.toml" --runs "%TEMP%\nutshell-demo" || exit /b 3
echo To start: "%to%\nutshell.bat", or Nutshell in the Start menu.

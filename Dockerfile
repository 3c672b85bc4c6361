# syntax=docker/dockerfile:1
# Two stages: the SDK builds, the ASP.NET runtime runs as a user without rights. All data lives in the volume /data.

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig MailPlus.sln ./
COPY MailPlus.Engine/MailPlus.Engine.csproj MailPlus.Engine/
COPY MailPlus.Web/MailPlus.Web.csproj MailPlus.Web/
# Compiled ahead for this architecture where the compiler's package can be had, else without.
RUN dotnet restore MailPlus.Web/MailPlus.Web.csproj -p:CompileAhead=true || dotnet restore MailPlus.Web/MailPlus.Web.csproj
COPY wwwroot-assets wwwroot-assets
COPY MailPlus.Engine MailPlus.Engine
COPY MailPlus.Web MailPlus.Web
RUN dotnet publish MailPlus.Web/MailPlus.Web.csproj --configuration Release -p:CompileAhead=true --output /app \
    || dotnet publish MailPlus.Web/MailPlus.Web.csproj --configuration Release --output /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS run
# Engines since 20.10 let any user bind ports below 1024 inside a container, so no capability is needed.
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin mailplus \
    && install --directory --owner mailplus --group mailplus --mode 700 /data
WORKDIR /app
COPY --from=build /app .
USER mailplus
ENV MAILPLUS_DATA=/data \
    DOTNET_gcServer=0 \
    DOTNET_EnableDiagnostics=0
VOLUME /data
EXPOSE 25 465 587 110 995 143 993 8080 443
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["dotnet", "MailPlus.Web.dll", "doctor", "--ready"]
ENTRYPOINT ["dotnet", "MailPlus.Web.dll"]
CMD ["serve"]

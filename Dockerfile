# syntax=docker/dockerfile:1
# Two stages: the SDK builds, the ASP.NET runtime runs as a user without rights. All data lives in the volume /data.

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig MailPlus.sln ./
COPY MailPlus.Engine/MailPlus.Engine.csproj MailPlus.Engine/
COPY MailPlus.Web/MailPlus.Web.csproj MailPlus.Web/
RUN dotnet restore MailPlus.Web/MailPlus.Web.csproj
COPY wwwroot-assets wwwroot-assets
COPY MailPlus.Engine MailPlus.Engine
COPY MailPlus.Web MailPlus.Web
RUN dotnet publish MailPlus.Web/MailPlus.Web.csproj --configuration Release --no-restore --output /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS run
# The well-known ports are below 1024: the runtime user may bind them only through this capability on the host binary.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libcap2-bin \
    && setcap cap_net_bind_service=+ep "$(readlink -f "$(command -v dotnet)")" \
    && apt-get purge --yes --auto-remove libcap2-bin \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin mailplus \
    && install --directory --owner mailplus --group mailplus --mode 700 /data
WORKDIR /app
COPY --from=build /app .
USER mailplus
ENV MAILPLUS_DATA=/data \
    DOTNET_gcServer=0 \
    DOTNET_EnableDiagnostics=0
VOLUME /data
EXPOSE 25 465 587 143 993 8080 443
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["dotnet", "MailPlus.Web.dll", "doctor", "--ready"]
ENTRYPOINT ["dotnet", "MailPlus.Web.dll"]
CMD ["serve"]

import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'

// A copied link leads to `/go/…`; its range stands behind the #, where otherwise the place in this page stands.
if (location.pathname.startsWith('/go/')) history.replaceState(null, '', `/#/go/${location.pathname.slice(4)}${location.search}${location.hash}`)

const page = document.querySelector('#page')
if (page) mount(App, { target: page })
